"""A month of one account for a program to read: each meter with its quantity, its groups and its days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bonafide.accounts.models import Account
from bonafide.money import EXACT, ROUNDING, plain, round_half_up
from bonafide.periods import Month, day_from_key
from bonafide.pricing.models import Meter
from bonafide.usage.daily import Days, daily_quantities
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured, measure_as_known

HOUR_PLACES = 12


@dataclass(frozen=True)
class DayOfMeter:
    """``quantity`` is None where a day has none of its own: a unique value is new on one day of the month only."""

    on: date
    quantity: Decimal | None
    events: int


@dataclass(frozen=True)
class MeterOfMonth:
    """``quantity`` is exact, in the meter's unit (hours rounded half up to 12 decimals); ``groups`` add up to it."""

    meter: Meter
    quantity: Decimal
    events: int
    groups: dict[str, Decimal]
    days: list[DayOfMeter]


def usage_of_account(*, account: Account, month: Month, zone: ZoneInfo, now: datetime) -> list[MeterOfMonth]:
    """Everything known by now of what the account used in ``month``, by meter code; late usage counts in the month it is of.

    A constant number of queries. For what a bill has of it see :func:`bonafide.usage.measure.measure`.
    """
    measured: dict[int, list[Measured]] = defaultdict(list)
    for row in measure_as_known(account_id=account.pk, month=month, zone=zone, until=now):
        measured[row.meter_id].append(row)
    daily = daily_quantities(account_id=account.pk, month=month, now=now, zone=zone, billed=False)
    meters = Meter.objects.filter(pk__in=measured).order_by("code")
    return [_of_meter(meter, measured[meter.pk], daily.get(meter.code, Days({}, {}))) for meter in meters]


def _of_meter(meter: Meter, rows: list[Measured], days: Days) -> MeterOfMonth:
    return MeterOfMonth(
        meter=meter,
        quantity=in_unit(meter, sum(row.quantity for row in rows)),
        events=sum(row.events for row in rows),
        groups={row.group_key: in_unit(meter, row.quantity) for row in rows} if meter.group_by else {},
        days=[
            DayOfMeter(
                on=day_from_key(day),
                quantity=in_unit(meter, days.quantity[day]) if day in days.quantity else None,
                events=days.events.get(day, 0),
            )
            for day in sorted(days.quantity.keys() | days.events.keys())
        ],
    )


def in_unit(meter: Meter, quantity: int) -> Decimal:
    """A measured integer in its meter's unit; hours, counted in seconds, to ``HOUR_PLACES`` decimals."""
    exact = Decimal(quantity).scaleb(-meter.scale, context=EXACT)
    if meter.aggregation == Meter.Aggregation.HOURS:
        exact = round_half_up(ROUNDING.divide(exact, Decimal(SECONDS_AN_HOUR)), HOUR_PLACES)
    return plain(exact)
