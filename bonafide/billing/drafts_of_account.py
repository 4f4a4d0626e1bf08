"""What stands before an account's bills: the month that runs, and months that are over whose bill is being checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bonafide.accounts.models import Account
from bonafide.billing.compute import running_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.models import BillRun, Invoice
from bonafide.billing.run import skipped_as_zero
from bonafide.operator import Operator
from bonafide.periods import Month

# Months that are over and are looked at; an operator who issues even later than that says so by other ways.
LOOKED_BACK = 2


@dataclass(frozen=True)
class DraftMonth:
    """``bill`` is None when ``stopped`` says why it cannot be priced yet. Once ``over``, only late usage is added."""

    month: Month
    bill: ComputedBill | None
    stopped: str
    over: bool


def drafts_of_account(*, account: Account, now: datetime, operator: Operator) -> list[DraftMonth]:
    """Newest first; the number of queries does not depend on what was used. None for months that come to no bill."""
    running = Month.of(now, operator.zone)
    months, month = [running], running
    for _step in range(LOOKED_BACK):
        month = month.previous()
        months.append(month)
    settled = _settled(account, months[1:])
    found = [_draft(account, month, running, now, operator) for month in months if month.key not in settled]
    return [draft for draft in found if draft is not None]


def draft_of_month(*, account: Account, month: Month, now: datetime, operator: Operator) -> DraftMonth | None:
    """The draft of one month, of those that the list has; else None."""
    running = Month.of(now, operator.zone)
    back = (running.year - month.year) * 12 + running.month - month.month
    if not 0 <= back <= LOOKED_BACK or (back and month.key in _settled(account, [month])):
        return None
    return _draft(account, month, running, now, operator)


def _settled(account: Account, months: list[Month]) -> set[int]:
    """Of these (YYYYMM), the months that are billed to the account, and those of which the run is finished without it."""
    keys = [month.key for month in months]
    billed = Invoice.objects.issued().filter(account=account, month__in=keys, kind=Invoice.Kind.INVOICE)
    runs = BillRun.objects.filter(month__in=keys, finished_at__isnull=False)
    return {*billed.values_list("month", flat=True), *runs.values_list("month", flat=True)}


def _draft(account: Account, month: Month, running: Month, now: datetime, operator: Operator) -> DraftMonth | None:
    over = month != running
    bill = running_bill(account=account, month=month, operator=operator, now=None if over else now)
    if isinstance(bill, Stopped):
        return DraftMonth(month, None, bill.reason, over)
    if bill is None or (over and skipped_as_zero(bill=bill, operator=operator)):
        return None
    return DraftMonth(month, bill, "", over)
