"""Where a running month is heading: by meter, and what it then costs by the engine's own rating of the forecast quantities.

A tier that is entered later in the month, an allowance that is used up later, are in it, which scaling the cost would miss.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bonafide.accounts.models import Account
from bonafide.billing.compute import bills_of
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.project import Ahead, ahead, grown, whole_days
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Meter
from bonafide.usage.daily import Days, daily_quantities
from bonafide.usage.measure import Measured, measure
from bonafide.usage.of_account import in_unit

# Of the others nobody can tell from days: the largest so far, the last reported and the different ones stand as they are.
GROWING = (Meter.Aggregation.SUM, Meter.Aggregation.COUNT, Meter.Aggregation.HOURS)


@dataclass(frozen=True)
class MeterForecast:
    """One meter, in its unit; what is ahead is None in the first days, and for a meter that stands as it is.

    ``cost_minor`` and ``likely_minor`` are its lines before tax, late usage included; ``a_day`` the mean of the whole days.
    """

    meter: Meter
    quantity: Decimal
    low: Decimal | None
    likely: Decimal | None
    high: Decimal | None
    a_day: Decimal | None
    cost_minor: int
    likely_minor: int | None


@dataclass(frozen=True)
class Forecast:
    """``days`` whole days were looked at, 0 when that is too early; then, and when it cannot be priced, the bills are None.

    ``bill`` is the month so far: None when nothing is charged, or when ``stopped`` says why it cannot be priced. ``fees_minor``
    and ``likely_fees_minor`` are of lines that no usage stands behind. ``daily`` is what each meter, by its code, used each day.
    """

    month: Month
    days: int
    bill: ComputedBill | None
    stopped: str
    low: ComputedBill | None
    likely: ComputedBill | None
    high: ComputedBill | None
    meters: list[MeterForecast]
    fees_minor: int
    likely_fees_minor: int | None
    daily: dict[str, Days]


def forecast(*, account: Account, now: datetime, operator: Operator) -> Forecast:
    """Of the month in which ``now`` falls; a constant number of queries."""
    zone = operator.zone
    month, today = Month.of(now, zone), now.astimezone(zone).date()
    rows = list(measure(bill_month=month, zone=zone, account_ids=[account.pk], until=now))
    daily = daily_quantities(account_id=account.pk, month=month, now=now, zone=zone, billed=True)
    meters = {meter.pk: meter for meter in Meter.objects.filter(pk__in={row.meter_id for row in rows})}
    told = {
        pk: ahead(daily=daily[meter.code].quantity, month=month, today=today)
        for pk, meter in meters.items()
        if meter.aggregation in GROWING and meter.code in daily
    }
    days = whole_days(month=month, today=today)
    outcomes = bills_of(account=account, month=month, operator=operator, usages=_usages(rows, month, told, bool(days)), now=now)
    bill, low, likely, high = [
        outcome if isinstance(outcome, ComputedBill) else None for outcome in (*outcomes, None, None, None)
    ][:4]
    cost, later = _by_meter(bill), _by_meter(likely)
    return Forecast(
        month=month,
        days=days,
        bill=bill,
        stopped=outcomes[0].reason if isinstance(outcomes[0], Stopped) else "",
        low=low,
        likely=likely,
        high=high,
        meters=[
            _of_meter(meter, _so_far(rows, month, pk), told.get(pk), cost[meter.code], later[meter.code] if likely else None)
            for pk, meter in sorted(meters.items(), key=lambda pair: pair[1].code)
        ],
        fees_minor=_rest(cost, meters),
        likely_fees_minor=_rest(later, meters) if likely else None,
        daily=daily,
    )


def _usages(rows: list[Measured], month: Month, told: dict[int, Ahead | None], enough: bool) -> list[list[Measured]]:  # noqa: FBT001
    """So far; then, once it can be told, the low, the likely and the high one."""
    if not enough:
        return [rows]
    mores = [{pk: one.more[place] for pk, one in told.items() if one} for place in range(3)]
    return [rows, *(grown(rows=rows, month=month, more=more) for more in mores)]


def _by_meter(bill: ComputedBill | None) -> dict[str, int]:
    nets: dict[str, int] = defaultdict(int)
    for line in bill.lines if bill else ():
        nets[line.meter] += line.net_minor
    return nets


def _rest(nets: dict[str, int], meters: dict[int, Meter]) -> int:
    """Fees, and minimums of meters that counted nothing."""
    return sum(nets.values()) - sum(nets[meter.code] for meter in meters.values())


def _so_far(rows: list[Measured], month: Month, meter_id: int) -> int:
    return sum(row.quantity for row in rows if row.meter_id == meter_id and row.usage_month == month.key)


def _of_meter(meter: Meter, so_far: int, told: Ahead | None, cost: int, later: int | None) -> MeterForecast:
    def later_quantity(more: int | None) -> Decimal | None:
        return None if more is None else in_unit(meter, so_far + more)

    low, likely, high = told.more if told else (None, None, None)
    return MeterForecast(
        meter=meter,
        quantity=in_unit(meter, so_far),
        low=later_quantity(low),
        likely=later_quantity(likely),
        high=later_quantity(high),
        a_day=in_unit(meter, told.a_day) if told else None,
        cost_minor=cost,
        likely_minor=later,
    )
