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
from bonafide.billing.runs.signed import Signed
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
    """What a run did: bills it ``issued``, bills ``already`` there (or issued by another meanwhile), and the rest.

    ``left_out`` could be billed, but were not when the month was signed off.
    """

    issued: int = 0
    already: int = 0
    skipped_zero: int = 0
    stopped: list[Stopped] = field(default_factory=list)
    left_out: list[ComputedBill] = field(default_factory=list)


def issue_month(
    *,
    month: Month,
    operator: Operator,
    now: datetime,
    on_progress: Callable[[int], None] = lambda _done: None,
    signed: Signed | None = None,
) -> RunResult:
    """Close the month and issue the bill of every account that has none yet.

    Each chunk of accounts is one short transaction that leaves nothing half done, so a run that was killed is finished by
    starting it again; two at once share the work. ``on_progress`` is told how many accounts were just dealt with. With ``signed``
    only what was signed off is issued, and exactly that (``runs/issue_signed.py`` says when).

    :raises MonthNotOver: before the month has ended on the operator's calendar.
    :raises ClockBehind: when bills are already dated later than ``now``.
    :raises NotAsSigned: when a bill is not what was signed off; nothing of its chunk is issued, the chunks before it are.
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
        if signed:
            bills, others = signed.split(bills)
            result.left_out += [bill for bill in others if not skipped_as_zero(bill=bill, operator=operator)]
        due = [bill for bill in bills if not skipped_as_zero(bill=bill, operator=operator)]
        result.skipped_zero += len(bills) - len(due)
        _issue(due, operator, now, result, signed)
        on_progress(len(chunk))
    there = Invoice.objects.issued().of_month(month.key).filter(kind=Invoice.Kind.INVOICE).count()
    result.already = there - result.issued
    if signed:
        result.stopped += signed.left_behind(but=result.stopped)
    if not result.stopped and not result.left_out:
        BillRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=now)
    return result


def skipped_as_zero(*, bill: ComputedBill, operator: Operator) -> bool:
    """Whether the operator wants no paper for this bill: every line of it comes to nothing."""
    return operator.billing.zero_bills == "skip" and not any(line.net_minor for line in bill.lines)


def _issue(bills: Sequence[ComputedBill], operator: Operator, now: datetime, result: RunResult, signed: Signed | None) -> None:
    """Issue a chunk; when the database refuses it, one account at a time, so that only the one at fault is left out."""
    try:
        _issue_together(bills, operator, now, result, signed)
    except DatabaseError:
        for bill in bills:
            try:
                _issue_together([bill], operator, now, result, signed)
            except DatabaseError as error:
                reason = f"the database refused the bill: {str(error).splitlines()[0]}"
                result.stopped.append(Stopped(bill.account_id, bill.reference, bill.name, reason))


def _issue_together(
    bills: Sequence[ComputedBill], operator: Operator, now: datetime, result: RunResult, signed: Signed | None
) -> None:
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
        if signed:
            signed.check(fresh)
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
