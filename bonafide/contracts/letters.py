"""The letters that confirm, to be kept: what was ordered, and what was told (C. conso. L221-13, L221-21, L215-1-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from bonafide.accounts.models import Account, Membership, User
from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.summary import Summary
from bonafide.mail.send import send_letter

PURPOSE = "contract"


def confirm_order(*, contract: Contract, person: User, now: datetime) -> None:
    """To whoever ordered: the whole of what was shown, and the form for withdrawing."""
    send_letter(
        purpose=PURPOSE,
        template="contracts/email/ordered",
        to=contract.email,
        language=contract.language,
        given={
            "contract": contract,
            "summary": Summary(contract.summary).parts,
            "account": contract.account.name[:80],
            "contract_url": settings.OPERATOR.service.console_url + reverse("contract", args=[contract.pk]),
            "withdraw_url": settings.OPERATOR.service.console_url + reverse("withdraw"),
        },
        now=now,
        person=person,
        account=contract.account,
        once=f"ordered {contract.reference}",
    )


def confirm_notice(*, notice: Notice, now: datetime, by_staff: bool = False) -> None:
    """To the address that was written, and when a contract ends to its owners: content, day and time, and what comes of it."""
    template = "contracts/email/withdrawn" if notice.kind == Notice.Kind.WITHDRAWAL else "contracts/email/cancelled"
    carried_out = notice.last_on is not None
    given: dict[str, Any] = {
        "notice": notice,
        "carried_out": carried_out,
        "by_hand": notice.task == Notice.Task.END,
        "contract": notice.contract,
        # What a stranger wrote goes out in no letter of ours to somebody else.
        "reason": notice.reason if carried_out else "",
    }
    key = f"{notice.reference} {'found' if by_staff else 'received'}"
    for address, person, language in _readers(notice):
        send_letter(
            purpose=PURPOSE,
            template=template,
            to=address,
            language=language,
            given={**given, "to_writer": address == notice.email},
            now=now,
            person=person,
            account=notice.account,
            once=f"{key} {person.pk}" if person else key,
        )


def _readers(notice: Notice) -> list[tuple[str, User | None, str]]:
    owners = _owners(notice.account) if notice.account and notice.last_on is not None else []
    written = notice.email.lower()
    readers = [(owner.email, owner, owner.language or notice.language) for owner in owners if owner.email.lower() != written]
    writer = next((owner for owner in owners if owner.email.lower() == written), None)
    return [(notice.email, writer, notice.language), *readers]


def _owners(account: Account) -> list[User]:
    owners = Membership.objects.owners().filter(account=account).select_related("user").order_by("pk")
    return [membership.user for membership in owners]
