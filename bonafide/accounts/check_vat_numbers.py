"""Which VAT numbers VIES is to be asked about, and one asking.

What is due is read from the rows themselves, so that a lost task, a stopped worker or VIES being away loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from bonafide.accounts.models import Account, VatCheck
from bonafide.accounts.vat_numbers import is_known_to_vies, vies_is_asked
from bonafide.accounts.vies import Answer, ask
from bonafide.operator import Operator
from bonafide.outgoing.client import passing
from bonafide.outgoing.words import VAT_CHECK, Field

# After which an answer is asked for again; a number that was just registered takes some days to be known.
ANEW = {VatCheck.Outcome.VALID: timedelta(days=30), VatCheck.Outcome.INVALID: timedelta(days=7)}
BY_HAND = timedelta(minutes=1)  # between two askings that people ask for
A_DAY = 10  # askings for one account, so that nobody hammers VIES through us
DAY = timedelta(days=1)
# How long to wait after the first, second... try in a row that got no answer; then always the last.
PATIENCE = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 12 * 60, 24 * 60))
_JITTER = 0.25  # of the wait is added at most, so that not all who wait for a state come back at once


def due_accounts(*, operator: Operator, now: datetime) -> Iterator[int]:
    """Ids of the accounts whose number VIES should be asked about now: the ones never asked about first."""
    if not vies_is_asked(operator):
        return
    for account in _with_last_try().order_by("last_id", "pk").iterator(1000):
        if is_known_to_vies(account.vat_number) and _due_at(account, now) <= now:
            yield account.pk


def check_vat_number(*, account_id: int, operator: Operator, now: datetime, by_hand: bool = False) -> VatCheck | None:
    """Ask VIES about the account's number if that is due (``by_hand``: if the last asking is a minute old), and keep the answer.

    Call it outside of transactions: VIES may take its time. Run twice at once it asks twice, which does no harm.

    :return: the row that was added, or None when there was nothing to ask.
    """
    account = _with_last_try().filter(pk=account_id).first() if vies_is_asked(operator) else None
    if account is None or not is_known_to_vies(account.vat_number):
        return None
    last: datetime | None = account.last_at  # type: ignore[attr-defined]
    due = (last + BY_HAND if last else now) if by_hand else _due_at(account, now)
    if due > now or VatCheck.objects.filter(account=account_id, asked_at__gt=now - DAY).count() >= A_DAY:
        return None
    answer = _ask(account=account, operator=operator, now=now)
    return VatCheck.objects.create(
        account_id=account_id,
        number=account.vat_number,
        outcome=answer.outcome,
        asked_at=now,
        consultation_number=answer.consultation_number,
        name=answer.name,
        address=answer.address,
        detail=answer.detail,
    )


def _ask(*, account: Account, operator: Operator, now: datetime) -> Answer:
    """Ask, and write down that the number was passed on."""
    with passing(
        to=urlsplit(operator.tax.vies_url).hostname or "",
        fields=[Field.VAT_NUMBER],
        clause="I2",
        occasion=VAT_CHECK,
        account=account.pk,
        operator=operator,
        now=now,
    ) as passage:
        answer = ask(number=account.vat_number, operator=operator)
        passage.left = answer.sent
    return answer


def _with_last_try() -> QuerySet[Account]:
    """Open accounts with a VAT number, each with the last try about it and how many in a row got no answer; one statement."""
    tries = VatCheck.objects.filter(account=OuterRef("pk"), number=OuterRef("vat_number")).order_by("-pk")
    answered = tries.exclude(outcome=VatCheck.Outcome.UNAVAILABLE)
    unanswered = tries.filter(pk__gt=OuterRef("answered_id")).order_by().values("account").annotate(count=Count("pk"))
    return (
        Account.objects.real()
        .filter(closed_at=None)
        .exclude(vat_number="")
        .annotate(
            last_id=Coalesce(Subquery(tries.values("pk")[:1]), Value(0)),
            last_at=Subquery(tries.values("asked_at")[:1]),
            last_outcome=Subquery(tries.values("outcome")[:1]),
            answered_id=Coalesce(Subquery(answered.values("pk")[:1]), Value(0)),
        )
        .annotate(unanswered=Coalesce(Subquery(unanswered.values("count"), output_field=IntegerField()), Value(0)))
    )


def _due_at(account: Any, now: datetime) -> datetime:
    last: datetime | None = account.last_at
    unanswered: int = account.unanswered
    if last is None:
        return now
    if not unanswered:
        return last + ANEW[VatCheck.Outcome(account.last_outcome)]
    wait = PATIENCE[min(unanswered, len(PATIENCE)) - 1]
    # The same for the same try at every look, and another for another.
    share = crc32(str(account.last_id).encode()) % 1000 / 1000
    return last + wait * (1 + _JITTER * share)
