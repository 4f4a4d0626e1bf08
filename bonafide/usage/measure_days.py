"""What accounts used on each day of a month: for bills whose month has more than one price or plan in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from bonafide.periods import Month, day_from_key, day_key
from bonafide.pricing.models import Meter
from bonafide.usage.catalogue import microseconds
from bonafide.usage.daily import by_day
from bonafide.usage.hours import intervals, seconds
from bonafide.usage.measure import Measured, account_condition

SECOND_US = 1_000_000


class _Day(NamedTuple):
    """One day of one meter and group on one bill (YYYYMM); ``latest_us`` tells which reading of a day was the last."""

    day: int
    bill_month: int
    quantity: int
    latest_us: int


@dataclass
class DaysUsed:
    """What one account used in ``month``, by day, as known through the bill of ``bill_month`` and through the one before."""

    account_id: int
    month: Month
    bill_month: Month
    kinds: dict[int, str]
    days: dict[tuple[int, str], list[_Day]] = field(default_factory=lambda: defaultdict(list))
    # By meter and group: microseconds of existence, times quantity, of each day.
    lasted: dict[tuple[int, str], dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    lasted_before: dict[tuple[int, str], dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def between(self, *, meter_id: int, first: date, until: date) -> list[Measured]:
        """What :func:`bonafide.usage.measure.measure` says of a month, of the days from ``first`` to before ``until``.

        A group of which there is nothing on these days is left out. "max" is the largest of the days, "latest" the last; a
        value of "unique" counts where it was first seen; what existed is clipped to the days.
        """
        low, high = day_key(first), day_key(until)
        found = []
        for key in sorted({key for key in (*self.days, *self.lasted, *self.lasted_before) if key[0] == meter_id}):
            rows = [row for row in self.days.get(key, ()) if low <= row.day < high]
            lasted, before = _within(self.lasted.get(key), low, high), _within(self.lasted_before.get(key), low, high)
            if not rows and not lasted and not before:
                continue
            earlier = self.bill_month.previous().key
            if self.kinds[meter_id] == "hours":
                quantity, was = seconds(lasted), seconds(before)
            else:
                quantity, was = self._figure(meter_id, rows, self.bill_month.key), self._figure(meter_id, rows, earlier)
            there = before or any(row.bill_month <= earlier for row in rows)
            found.append(Measured(self.account_id, meter_id, self.month.key, key[1], quantity, was if there else None, 0))
        return found

    def with_more(self, more: Mapping[tuple[int, str], int], on: Sequence[date]) -> DaysUsed:
        """The same with so much more of each meter and group, as :class:`Measured` counts it, evenly over the days ``on``."""
        grown = deepcopy(self)
        for key, amount in more.items():
            for place, day in enumerate(on):
                part = amount * (place + 1) // len(on) - amount * place // len(on)
                if self.kinds[key[0]] == "hours":
                    grown.lasted[key][day_key(day)] += part * SECOND_US
                else:
                    grown.days[key].append(_Day(day_key(day), self.bill_month.key, part, 0))
        return grown

    def used_days(self) -> Iterator[tuple[int, date]]:
        """Each meter with each day on which there is anything of it."""
        found = {(meter_id, row.day) for (meter_id, _group), rows in self.days.items() for row in rows}
        found |= {(meter_id, day) for (meter_id, _group), days in self.lasted.items() for day in days}
        for meter_id, day in sorted(found):
            yield meter_id, day_from_key(day)

    def _figure(self, meter_id: int, rows: list[_Day], through: int) -> int:
        known = [row for row in rows if row.bill_month <= through]
        kind = self.kinds[meter_id]
        if kind == "max":
            return max((row.quantity for row in known), default=0)
        if kind == "latest":
            return max(((row.latest_us, row.quantity) for row in known), default=(0, 0))[1]
        return sum(row.quantity for row in known)


def measure_days(
    *, bill_month: Month, month: Month, zone: ZoneInfo, account_ids: Collection[int], until: datetime | None = None
) -> dict[int, DaysUsed]:
    """By account, the days of ``month`` as the bill of ``bill_month`` knows them: at most five queries for all of them.

    :param until: what still exists is counted up to this instant instead of to the end of the month.
    """
    meters = {pk: (kind, scale) for pk, kind, scale in Meter.objects.values_list("pk", "aggregation", "scale")}
    kinds = {pk: kind for pk, (kind, _scale) in meters.items()}
    found = {pk: DaysUsed(pk, month, bill_month, kinds) for pk in account_ids}
    if not found:
        return found
    accounts = account_condition(sorted(found))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, meter_id, group_key, day, bill_month, quantity, latest_us FROM usage_total "  # noqa: S608
            f"WHERE day BETWEEN {month.key * 100:d} AND {month.key * 100 + 99:d} "
            f"AND bill_month <= {bill_month.key:d} AND {accounts}"
        )
        for account_id, meter_id, group, *row in cursor.fetchall():
            found[account_id].days[meter_id, group].append(_Day(*row))
        if unique := [pk for pk, kind in kinds.items() if kind == "unique"]:
            cursor.execute(
                "SELECT account_id, meter_id, group_key, COALESCE(day, month * 100 + 1), bill_month, COUNT(*) FROM usage_seen "  # noqa: S608
                f"WHERE month = {month.key:d} AND bill_month <= {bill_month.key:d} AND {accounts} "
                f"AND meter_id IN ({', '.join(f'{pk:d}' for pk in unique)}) "
                "GROUP BY account_id, meter_id, group_key, COALESCE(day, month * 100 + 1), bill_month"
            )
            for account_id, meter_id, group, day, of_bill, count in cursor.fetchall():
                found[account_id].days[meter_id, group].append(_Day(day, of_bill, count * 10 ** meters[meter_id][1], 0))
        hours = [pk for pk, kind in kinds.items() if kind == "hours"]
        start, end = month.start(zone), month.end(zone)
        if until is not None:
            end = max(start, min(end, until))
        for account_id, key, day, unit_us in _lasted(cursor, hours, accounts, start, end, bill_month.key, zone):
            found[account_id].lasted[key][day] += unit_us
        if month < bill_month:
            for account_id, key, day, unit_us in _lasted(cursor, hours, accounts, start, end, bill_month.previous().key, zone):
                found[account_id].lasted_before[key][day] += unit_us
    return found


def _lasted(
    cursor: Any, meter_ids: list[int], accounts: str, start: datetime, end: datetime, known_month: int, zone: ZoneInfo
) -> Iterator[tuple[int, tuple[int, str], int, int]]:
    """Account, (meter, group), day and unit-microseconds of each day that something existed on."""
    for span in intervals(
        cursor,
        meter_ids=meter_ids,
        accounts=accounts,
        start_us=microseconds(start),
        end_us=microseconds(end),
        known_month=known_month,
    ):
        for day, length_us in by_day(span.from_us, span.until_us, zone):
            yield span.account_id, (span.meter_id, span.group_key), day, span.quantity * length_us


def _within(days: dict[int, int] | None, low: int, high: int) -> int:
    return sum(amount for day, amount in (days or {}).items() if low <= day < high)
