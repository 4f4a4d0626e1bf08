"""How much was counted on each day: what charts show, and what a month's amounts are laid along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, Sum

from bonafide.periods import Month, day_key
from bonafide.pricing.models import Meter
from bonafide.usage.catalogue import microseconds
from bonafide.usage.hours import intervals, seconds
from bonafide.usage.measure import account_condition
from bonafide.usage.models import Total

LAST_MONTH = 999912  # every bill there will ever be
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Days:
    """One meter's days: ``quantity`` by day (YYYYMMDD), an integer in the unit that the month's measured quantity has.

    ``events`` instead counts what was reported, for a meter whose days have no quantity of their own (unique values).
    """

    quantity: dict[int, int]
    events: dict[int, int]

    @property
    def weights(self) -> dict[int, int]:
        """What the month is shared out by: quantities, or where there are none the events."""
        return self.quantity if any(self.quantity.values()) else self.events


def daily_quantities(*, account_id: int, month: Month, now: datetime, zone: ZoneInfo, billed: bool) -> dict[str, Days]:
    """By meter code, the days of one account that belong to ``month``; three queries, whatever was used.

    :param now: hours of what still exists are counted up to here.
    :param billed: True for what goes on the month's bill (days of earlier months are then late usage), False for what was used
        in the month, on whichever bill it went.
    """
    meters = {meter.pk: meter for meter in Meter.objects.all()}
    within = Q(bill_month=month.key) if billed else Q(day__range=(month.key * 100, month.key * 100 + 99))
    days: dict[str, Days] = defaultdict(lambda: Days({}, {}))
    rows = Total.objects.filter(within, account_id=account_id).order_by().values_list("meter_id", "day")
    for meter_id, day, quantity, events in rows.annotate(quantity=Sum("quantity"), events=Sum("events")):
        of_meter = days[meters[meter_id].code]
        of_meter.events[day] = events
        if meters[meter_id].aggregation != Meter.Aggregation.UNIQUE:
            of_meter.quantity[day] = quantity
    hours = [pk for pk, meter in meters.items() if meter.aggregation == Meter.Aggregation.HOURS]
    known_month = month.key if billed else LAST_MONTH
    for meter_id, lasted in _hours(account_id, hours, month, now, zone, known_month).items():
        days[meters[meter_id].code].quantity.update(lasted)
    return dict(days)


def _hours(
    account_id: int, meter_ids: list[int], month: Month, now: datetime, zone: ZoneInfo, known_month: int
) -> dict[int, dict[int, int]]:
    """Unit-seconds of existence by meter and day, as known through the bill of ``known_month`` (YYYYMM)."""
    lasted: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    with connection.cursor() as cursor:
        spans = intervals(
            cursor,
            meter_ids=meter_ids,
            accounts=account_condition([account_id]),
            start_us=microseconds(month.start(zone)),
            end_us=microseconds(min(month.end(zone), max(now, month.start(zone)))),
            known_month=known_month,
        )
        for span in spans:
            for day, length_us in by_day(span.from_us, span.until_us, zone):
                lasted[span.meter_id][day] += span.quantity * length_us
    return {meter: {day: seconds(unit_us) for day, unit_us in days.items()} for meter, days in lasted.items()}


def by_day(from_us: int, until_us: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The calendar days (YYYYMMDD) that a half-open stretch of microseconds lies on, each with how much of it."""
    while from_us < until_us:
        local = (_EPOCH + timedelta(microseconds=from_us)).astimezone(zone)
        midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), tzinfo=zone)
        end_us = min(until_us, microseconds(midnight))
        yield day_key(local.date()), end_us - from_us
        from_us = end_us
