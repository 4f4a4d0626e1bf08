"""The bill run of a month: resumable at any point, harmless when repeated, and never stopped by one account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import DatabaseError, transaction

from bonafide.billing.ask_location import ask_location
from bonafide.billing.balance.desk import prepaid
from bonafide.billing.balance.take import take_for_bills
from bonafide.billing.compute import CHUNK, compute_bills
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.draft import drafts_of
from bonafide.billing.issue import number_drafts, take_place
from bonafide.billing.ledger.post import issued_of, post_issued
from bonafide.billing.models import BillRun, Invoice
from bonafide.billing.turnover import at_threshold
from bonafide.billing.write import write_bills
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.usage.closing import close_month


class MonthNotOver(Refused):
    """Usage of the month can still come, so it cannot be billed."""


@dataclass
class RunResult:
    """What a run did: bills it ``issued``, bills ``already`` there (or issued by another meanwhile), and the rest."""

    issued: int = 0
    already: int = 0
    skipped_zero: int = 0
    stopped: list[Stopped] = field(default_factory=list)


def issue_month(
    *, month: Month, operator: Operator, now: datetime, on_progress: Callable[[int], None] = lambda _done: None
) -> RunResult:
    """Close the month and issue the bill of every account that has none yet.

    Each chunk of accounts is one short transaction that leaves nothing half done, so a run that was killed is finished by
    starting it again; two at once share the work. ``on_progress`` is told how many accounts were just dealt with.

    :raises MonthNotOver: before the month has ended on the operator's calendar.
    :raises ClockBehind: when bills are already dated later than ``now``.
    """
    if now < month.end(operator.zone):
        raise MonthNotOver(
            f"{month} is not over yet in {operator.service.time_zone}: issue its bills from {month.next().first_day} on"
        )
    close_month(month=month, now=now)
    run, _begun = BillRun.objects.get_or_create(month=month.key, defaults={"started_at": now})
    result = RunResult()
    for chunk in _chunks(compute_bills(month=month, operator=operator), CHUNK):
        stopped = [outcome for outcome in chunk if isinstance(outcome, Stopped)]
        ask_location(stopped=stopped, month=month, now=now)
        result.stopped += stopped
        bills = [outcome for outcome in chunk if isinstance(outcome, ComputedBill)]
        due = [bill for bill in bills if not skipped_as_zero(bill=bill, operator=operator)]
        result.skipped_zero += len(bills) - len(due)
        _issue(due, operator, now, result)
        on_progress(len(chunk))
    there = Invoice.objects.issued().of_month(month.key).filter(kind=Invoice.Kind.INVOICE).count()
    result.already = there - result.issued
    if not result.stopped:
        BillRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=now)
    return result


def skipped_as_zero(*, bill: ComputedBill, operator: Operator) -> bool:
    """Whether the operator wants no paper for this bill: every line of it comes to nothing."""
    return operator.billing.zero_bills == "skip" and not any(line.net_minor for line in bill.lines)


def _issue(bills: Sequence[ComputedBill], operator: Operator, now: datetime, result: RunResult) -> None:
    """Issue a chunk; when the database refuses it, one account at a time, so that only the one at fault is left out."""
    try:
        _issue_together(bills, operator, now, result)
    except DatabaseError:
        for bill in bills:
            try:
                _issue_together([bill], operator, now, result)
            except DatabaseError as error:
                reason = f"the database refused the bill: {str(error).splitlines()[0]}"
                result.stopped.append(Stopped(bill.account_id, bill.reference, bill.name, reason))


def _issue_together(bills: Sequence[ComputedBill], operator: Operator, now: datetime, result: RunResult) -> None:
    if not bills:
        return
    with transaction.atomic():
        place = take_place(operator=operator, now=now)
        # Only now: another run may have issued some of these while this one waited for the lock.
        done = set(
            Invoice.objects.filter(
                account__in=[bill.account_id for bill in bills], month=bills[0].month.key, kind=Invoice.Kind.INVOICE
            ).values_list("account_id", flat=True)
        )
        fresh = [bill for bill in bills if bill.account_id not in done]
        fresh = [prepaid(bill) for bill in at_threshold(bills=fresh, operator=operator)]
        drafts = drafts_of(bills=fresh, operator=operator, due_on=place.due_on)
        numbered = number_drafts(drafts=drafts, place=place, prefix=operator.billing.number_prefix)
        issued = issued_of(ids=write_bills(bills=numbered), bills=numbered)
        post_issued(issued=issued, operator=operator)
        take_for_bills(bills=fresh, issued=issued, operator=operator, now=now)
    result.issued += len(fresh)


def _chunks(outcomes: Iterable[ComputedBill | Stopped], size: int) -> Iterator[list[ComputedBill | Stopped]]:
    stream = iter(outcomes)
    while chunk := list(islice(stream, size)):
        yield chunk
