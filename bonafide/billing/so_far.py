"""A running month as its customer wants to see it: what it came to, on which days, beside last month, and where it is heading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bonafide.accounts.models import Account
from bonafide.billing.compute import running_bill
from bonafide.billing.computed import ComputedBill
from bonafide.billing.forecast import forecast
from bonafide.billing.models import Invoice, InvoiceLine
from bonafide.billing.pace import Pace, Spread, pace, spread
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.usage.daily import Days, daily_quantities


@dataclass(frozen=True)
class SoFar:
    """``bill`` is None when nothing was used and nothing is charged, or when ``stopped`` says why it cannot be priced.

    ``change`` is in percent, the whole days so far against those up to ``same_day`` of last month; ``likely_minor`` is the
    forecast bill with tax; both None where it would be a guess. ``before`` is None when last month has nothing in that
    currency.
    """

    month: Month
    bill: ComputedBill | None
    stopped: str
    now: Spread
    before: Spread | None
    change: int | None
    same_day: date
    pace: Pace | None
    likely_minor: int | None


def so_far(*, account: Account, now: datetime, operator: Operator) -> SoFar:
    """Work out the month in which ``now`` falls for one account; a constant number of queries."""
    zone = operator.zone
    today, month = now.astimezone(zone).date(), Month.of(now, zone)
    coming = forecast(account=account, now=now, operator=operator)
    bill = coming.bill
    last = month.previous()
    yesterday = today - timedelta(days=1)
    same_day = min(last.last_day, last.first_day + timedelta(days=max(0, yesterday.day - 1)))
    if bill is None:
        return SoFar(month, None, coming.stopped, Spread({}, 0), None, None, same_day, None, None)
    running = _spread([(line.meter, line.net_minor) for line in bill.lines], coming.daily, month)
    lines = _lines_of(account, last, bill.currency, operator)
    before = _spread(lines, _daily(account, last, now, operator), last) if lines else None
    at_pace = pace(spread=running, month=month, today=today)
    return SoFar(
        month=month,
        bill=bill,
        stopped="",
        now=running,
        before=before,
        change=_percent(running.through(yesterday), before.through(same_day))
        if before and yesterday >= month.first_day
        else None,
        same_day=same_day,
        pace=at_pace,
        likely_minor=coming.likely.total_minor if at_pace and coming.likely else None,
    )


def _daily(account: Account, month: Month, now: datetime, operator: Operator) -> dict[str, Days]:
    return daily_quantities(account_id=account.pk, month=month, now=now, zone=operator.zone, billed=True)


def _spread(lines: list[tuple[str, int]], daily: dict[str, Days], month: Month) -> Spread:
    """A month's lines on its days."""
    return spread(lines=lines, daily={meter: days.weights for meter, days in daily.items()}, month=month)


def _lines_of(account: Account, month: Month, currency: str, operator: Operator) -> list[tuple[str, int]]:
    """Meter and net of a month's lines: as billed, or as they stand when the month is not billed yet."""
    of_month = {"invoice__account": account, "invoice__month": month.key, "invoice__currency": currency}
    billed = InvoiceLine.objects.filter(**of_month, invoice__replacement=None).exclude(invoice__kind=Invoice.Kind.CREDIT_NOTE)
    lines = list(billed.values_list("meter", "net_minor"))
    if lines:
        return lines
    bill = running_bill(account=account, month=month, operator=operator)
    if not isinstance(bill, ComputedBill) or bill.currency != currency:
        return []
    return [(line.meter, line.net_minor) for line in bill.lines]


def _percent(now: int, before: int) -> int | None:
    """By how many percent ``now`` is more than ``before``, rounded half up; None when there is nothing to compare with."""
    if before <= 0:
        return None
    return (200 * (now - before) + before) // (2 * before)
