"""A month's rehearsal written into its table, chunk by chunk; a worker that died is made up for by starting over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from bonafide.billing.ask_location import ask_location
from bonafide.billing.compute import CHUNK, accounts_to_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.models import Invoice
from bonafide.billing.rehearse import Rehearsed, rehearse_month
from bonafide.billing.runs.digest import digest_of
from bonafide.billing.runs.models import Odd, Outcome, Rehearsal, RehearsedBill
from bonafide.billing.runs.sums import Tally
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.usage.models import Total

ATTEMPTS = 5
_ODD = {"negative": Odd.NEGATIVE, "at least doubled": Odd.DOUBLED, "at least halved": Odd.HALVED}
# The order in which staff want to see the rows.
_STOPPED, _NEEDS_A_LOOK, _AS_USUAL = 0, 1, 2


class TakenOver(Exception):
    """Another worker has this rehearsal now, or it is over; nothing of this one's is written any more."""


def rehearse_all(
    *,
    rehearsal_id: int,
    operator: Operator,
    clock: Callable[[], datetime],
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Rehearsal | None:
    """Rehearse the month from the start, and end with the sums; None when another worker took it over.

    Rows of earlier rehearsals of the month go first. What contradicts itself about where consumers are becomes a question for
    staff here, so that it can be decided before bills go out. ``clock`` is asked for the moment of the end.
    """
    rehearsal = _take_up(rehearsal_id, clock())
    if rehearsal is None:
        return None
    month = Month.from_key(rehearsal.month)
    tally = Tally()
    try:
        for chunk in _chunks(rehearse_month(month=month, operator=operator)):
            _write(rehearsal, [*_rows(rehearsal, chunk)], tally, done=len(chunk))
            stopped = [outcome for outcome in chunk if isinstance(outcome, Stopped)]
            ask_location(stopped=stopped, month=month, now=rehearsal.asked_at)
            on_progress(len(chunk))
        for missing in _missing(rehearsal, month):
            _write(rehearsal, missing, tally, done=0)
        _end(rehearsal, clock(), sums=tally.as_json(), done=rehearsal.accounts)
    except TakenOver:
        return None
    except Refused as refusal:
        _end(rehearsal, clock(), fault=str(refusal)[:500])
    return Rehearsal.objects.get(pk=rehearsal.pk)


def events_of(month: Month) -> int:
    """How many events of usage are on the month's bills: usage that comes changes it."""
    found: int | None = Total.objects.filter(bill_month=month.key).aggregate(events=Sum("events"))["events"]
    return found or 0


def _take_up(rehearsal_id: int, now: datetime) -> Rehearsal | None:
    with transaction.atomic():
        mine = Rehearsal.objects.at_work().filter(pk=rehearsal_id)
        if not mine.update(attempt=F("attempt") + 1, done=0):
            return None
        rehearsal = mine.get()
        if rehearsal.attempt > ATTEMPTS:
            _end(rehearsal, now, fault=f"{ATTEMPTS} workers died while they were at it: see the log, and rehearse it again")
            return None
        month = Month.from_key(rehearsal.month)
        rehearsal.events, rehearsal.accounts = events_of(month), accounts_to_bill(month=month)
        rehearsal.save(update_fields=["events", "accounts"])
        RehearsedBill.objects.filter(rehearsal__month=rehearsal.month).delete()
        Rehearsal.objects.of_month(rehearsal.month).filter(pk__lt=rehearsal.pk, emptied_at=None).update(emptied_at=now)
    return rehearsal


def _write(rehearsal: Rehearsal, rows: Sequence[RehearsedBill], tally: Tally, *, done: int) -> None:
    """:raises TakenOver: when this worker may not write any more."""
    with transaction.atomic():
        if not _mine(rehearsal).update(done=F("done") + done):
            raise TakenOver
        RehearsedBill.objects.bulk_create(rows)
    for row in rows:
        tally.add(row)


def _end(rehearsal: Rehearsal, now: datetime, **values: object) -> None:
    """Nothing, when this worker may not write any more."""
    _mine(rehearsal).update(ended_at=now, **values)


def _mine(rehearsal: Rehearsal) -> QuerySet[Rehearsal]:
    return Rehearsal.objects.at_work().filter(pk=rehearsal.pk, attempt=rehearsal.attempt)


def _rows(rehearsal: Rehearsal, chunk: Sequence[Rehearsed | Stopped]) -> Iterator[RehearsedBill]:
    billed = [one.bill for one in chunk if isinstance(one, Rehearsed) and one.before_minor is None]
    known = _billed_before(billed)
    for one in chunk:
        if isinstance(one, Stopped):
            yield RehearsedBill(
                rehearsal=rehearsal,
                account_id=one.account_id,
                outcome=Outcome.STOPPED,
                rank=_STOPPED,
                reason=one.reason,
                mend=one.mend,
            )
        else:
            yield _of_bill(
                rehearsal, one, first=one.before_minor is None and (one.bill.account_id, one.bill.currency) not in known
            )


def _of_bill(rehearsal: Rehearsal, one: Rehearsed, *, first: bool) -> RehearsedBill:
    bill = one.bill
    odd: str = "" if one.skipped else _ODD.get(one.outlier, Odd.FIRST if first else "")
    row = RehearsedBill(
        rehearsal=rehearsal,
        account_id=bill.account_id,
        outcome=Outcome.SKIPPED if one.skipped else Outcome.BILL,
        odd=odd,
        rank=_NEEDS_A_LOOK if odd else _AS_USUAL,
        currency=bill.currency,
        net_minor=bill.net_minor,
        tax_minor=bill.tax_minor,
        total_minor=bill.total_minor,
        before_minor=one.before_minor,
        treatment=bill.treatment.key,
        sold_before_minor=_sold_before(bill),
        digest=digest_of(bill),
    )
    row.flags = bill.treatment.flags  # type: ignore[attr-defined]  # for the sums alone
    row.notice = bill.home_currency_missing  # type: ignore[attr-defined]
    return row


def _sold_before(bill: ComputedBill) -> int | None:
    """From the bill's basis: what had been sold to consumers elsewhere in the Union before it, where that has a say."""
    if bill.sale is None:
        return None
    return int(json.loads(bytes(bill.tax_basis))["threshold"]["before_minor"])


def _billed_before(bills: Sequence[ComputedBill]) -> set[tuple[int, str]]:
    """Which of these accounts were ever billed in which currency."""
    issued = Invoice.objects.issued().filter(account__in=[bill.account_id for bill in bills])
    return set(issued.values_list("account_id", "currency").distinct())


def _missing(rehearsal: Rehearsal, month: Month) -> Iterator[list[RehearsedBill]]:
    """Accounts that were billed last month and come to nothing at all this month, in chunks."""
    bills = Invoice.objects.issued().filter(kind=Invoice.Kind.INVOICE)
    gone = (
        bills.of_month(month.previous().key)
        .exclude(account__in=bills.of_month(month.key).values("account"))
        .exclude(account__in=RehearsedBill.objects.filter(rehearsal=rehearsal).values("account"))
        .order_by("account")
        .values_list("account_id", "currency", "total_minor")
    )
    found = [
        RehearsedBill(
            rehearsal=rehearsal,
            account_id=account_id,
            outcome=Outcome.MISSING,
            odd=Odd.MISSING,
            rank=_NEEDS_A_LOOK,
            currency=currency,
            before_minor=total,
        )
        for account_id, currency, total in gone
    ]
    for start in range(0, len(found), CHUNK):
        yield found[start : start + CHUNK]


def _chunks(outcomes: Iterable[Rehearsed | Stopped]) -> Iterator[list[Rehearsed | Stopped]]:
    stream = iter(outcomes)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk
