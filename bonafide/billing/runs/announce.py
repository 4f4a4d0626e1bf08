"""Each issued bill's letter: to who looks after the account's bills, once, at a bounded pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from bonafide.accounts.models import Account, Membership
from bonafide.billing.budgets.tell import HEARS
from bonafide.billing.models import Invoice
from bonafide.billing.runs.models import BillLetter
from bonafide.billing.transfer import transfer_of
from bonafide.mail.compose import Attached
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Bank, Operator
from bonafide.periods import Month

# Bills announced in one round, which comes every minute: 20,000 take an hour and forty minutes, and nobody's mail server minds.
A_ROUND = 200
# A bill that was issued longer ago, before an update or in another instance, is not announced any more.
ANNOUNCED_WITHIN = timedelta(days=14)
# How long the letter of a bill waits for the PDF that it is to bring along; then it goes without.
WAITS_FOR_PDF = timedelta(hours=1)


class Reader(NamedTuple):
    """To whom a letter goes: ``person`` is None for the account's address for bills."""

    address: str
    language: str
    person: Any = None


def announce_bills(*, operator: Operator, now: datetime, limit: int = A_ROUND) -> int:
    """Write the letters of at most ``limit`` bills that have none yet, the first issued first; how many bills.

    A bill is noted as announced in the transaction of its letters, so it is announced once, whatever is killed or repeated.
    """
    announced = 0
    for invoice in _waiting(now)[:limit]:
        if operator.billing.letter_pdf and _may_still_come(invoice, now):
            break  # in the order of issue: those after it are not older
        announced += _announce(invoice, operator, now)
    return announced


def readers_of(account: Account) -> list[Reader]:
    """Owners and who looks after the bills, and the account's address for bills where it is none of theirs."""
    members = Membership.objects.filter(account=account, role__in=HEARS, user__is_active=True).exclude(user__email="")
    people = [membership.user for membership in members.select_related("user").order_by("pk")]
    readers = [Reader(person.email, person.language or account.language, person) for person in people]
    own = account.billing_email
    if own and own.lower() not in {reader.address.lower() for reader in readers}:
        readers.append(Reader(own, account.language))
    return readers


def _waiting(now: datetime) -> QuerySet[Invoice]:
    """Bills after the last one announced: they are announced in the order of issue, so none before it waits."""
    last = BillLetter.objects.order_by("-invoice__position").values_list("invoice__position", flat=True).first()
    bills = Invoice.objects.issued().filter(kind=Invoice.Kind.INVOICE, position__gt=last or 0)
    bills = bills.filter(issued_at__gte=now - ANNOUNCED_WITHIN)
    return bills.select_related("account", "document").order_by("position")


def _may_still_come(invoice: Invoice, now: datetime) -> bool:
    document = getattr(invoice, "document", None)
    rendered = document is not None and document.rendered_at is not None
    return not rendered and invoice.issued_at is not None and now < invoice.issued_at + WAITS_FOR_PDF


def _announce(invoice: Invoice, operator: Operator, now: datetime) -> bool:
    """False when another worker has."""
    readers = readers_of(invoice.account)
    try:
        with transaction.atomic():
            BillLetter.objects.create(invoice=invoice, at=now, letters=len(readers))
            for reader in readers:
                _write(invoice, reader, operator, now)
    except IntegrityError:
        return False
    return True


def _write(invoice: Invoice, reader: Reader, operator: Operator, now: datetime) -> None:
    owed = invoice.total_minor > 0
    send_letter(
        purpose="bill-issued",
        template="billing/email/bill_issued",
        to=reader.address,
        language=reader.language,
        given={
            "account": invoice.account.name[:80],
            "number": invoice.number,
            "month": Month.from_key(invoice.month),
            "total": format_minor(invoice.total_minor, invoice.currency, reader.language),
            "owed": owed,
            "due_on": invoice.due_on,
            "trial": invoice.trial,
            "transfer": transfer_of(
                bank=Bank(**invoice.seller["bank"]) if invoice.seller.get("bank") else None,
                number=invoice.number or "",
                reference=invoice.payment_reference,
                open_minor=invoice.total_minor if owed else 0,
                currency=invoice.currency,
            ),
            "bill_url": operator.service.console_url + reverse("bill", args=[invoice.number]),
            "is_member": reader.person is not None,
        },
        now=now,
        person=reader.person,
        account=invoice.account,
        attached=_pdf_of(invoice) if operator.billing.letter_pdf else (),
    )


def _pdf_of(invoice: Invoice) -> tuple[Attached, ...]:
    document = getattr(invoice, "document", None)
    if document is None or document.rendered_at is None:
        return ()
    return (Attached(document.path, document.sha256, f"{invoice.number}.pdf".replace("/", "-"), "application/pdf"),)
