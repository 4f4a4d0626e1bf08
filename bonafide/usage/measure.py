"""What each account used of each meter, for its bill: a few statements over the totals, exact integers throughout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from bonafide.periods import Month
from bonafide.pricing.models import Meter
from bonafide.usage.catalogue import microseconds
from bonafide.usage.hours import intervals, seconds

# The quantity of an "hours" meter is counted in seconds, so that it is a whole number; divide by this for hours.
SECONDS_AN_HOUR = 3600

# Sums are taken in two halves: a month of days, each within 64 bits, may add up to more than 64 bits hold.
_HALF = 10**9

_Key = tuple[int, int, int, str]  # account_id, meter_id, usage_month, group_key


class Measured(NamedTuple):
    """What one account used of one meter in one month, in one group.

    ``quantity`` is in ``10**-scale`` of the meter's unit; for an "hours" meter in ``10**-scale`` unit-seconds (see
    ``SECONDS_AN_HOUR``). ``usage_month`` is YYYYMM; when it is earlier than the bill's month the usage came late: ``quantity``
    is all that is known through this bill, ``before`` what was known through the bill before, and every group of the meter is
    given, changed or not, because prices may depend on their sum. On time, and for a group that was not there before, ``before``
    is None. A meter with groups is
    measured group by group (also "max", "latest" and "unique"); its whole is their sum.
    """

    account_id: int
    meter_id: int
    usage_month: int
    group_key: str
    quantity: int
    before: int | None
    events: int


def measure(
    *, bill_month: Month, zone: ZoneInfo, account_ids: Sequence[int] | None = None, until: datetime | None = None
) -> Iterator[Measured]:
    """Everything that goes on the bills of ``bill_month``, by account, meter, month and group.

    The number of statements does not depend on the number of accounts; late usage adds a few for each month that it belongs to.

    :param zone: the operator's, in which the month of an "hours" meter begins and ends.
    :param account_ids: only these accounts; all when None.
    :param until: the month so far: what still exists is counted up to this instant instead of to the end of the month.
    """
    with connection.cursor() as cursor:
        desk = _Desk(cursor, bill_month, zone, account_ids, until)
        found, late = desk.on_time()
        if late:
            found += desk.late(late)
    found.sort(key=lambda row: row[:4])
    return iter(found)


def measure_as_known(*, account_id: int, month: Month, zone: ZoneInfo, until: datetime) -> list[Measured]:
    """What one account used in ``month``, as far as anything is known of it by ``until``, whichever bill it is on."""
    with connection.cursor() as cursor:
        desk = _Desk(cursor, Month(9999, 12), zone, [account_id], until)
        return sorted(desk.as_known(month, account_id), key=lambda row: row[:4])


def account_condition(account_ids: Sequence[int] | None) -> str:
    """An SQL condition on ``account_id``; ids are integers, so they may stand in the text."""
    if account_ids is None:
        return "1 = 1"
    return f"account_id IN ({', '.join(f'{pk:d}' for pk in account_ids) or 'NULL'})"


class _Desk:
    def __init__(
        self, cursor: Any, bill_month: Month, zone: ZoneInfo, account_ids: Sequence[int] | None, until: datetime | None
    ) -> None:
        self.cursor, self.bill_month, self.zone, self.until = cursor, bill_month, zone, until
        self.accounts = account_condition(account_ids)
        self.aggregation: dict[int, str] = {}
        self.scale: dict[int, int] = {}
        self.group_by: dict[int, str] = {}
        for pk, aggregation, scale, group_by in Meter.objects.values_list("pk", "aggregation", "scale", "group_by"):
            self.aggregation[pk], self.scale[pk], self.group_by[pk] = aggregation, scale, group_by

    def _meters(self, aggregation: str) -> list[int]:
        return sorted(pk for pk, kind in self.aggregation.items() if kind == aggregation)

    def on_time(self) -> tuple[list[Measured], set[tuple[int, int, int]]]:
        """The month's own usage, and (account, meter, month) of what came late."""
        month = self.bill_month.key
        quantities, events = self._totals()
        late = {key[:3] for key in events if key[2] < month}
        quantities.update(self._latest())
        if unique := self._meters("unique"):
            self.cursor.execute(
                "SELECT account_id, meter_id, month, group_key, COUNT(*) FROM usage_seen "  # noqa: S608
                f"WHERE month = {month:d} AND bill_month = {month:d} AND {self.accounts} AND meter_id IN ({_list(unique)}) "
                "GROUP BY account_id, meter_id, month, group_key"
            )
            quantities.update({row[:4]: row[4] * 10 ** self.scale[row[1]] for row in self.cursor.fetchall()})
        quantities.update(self._hours(self.bill_month, self.accounts, month))
        found = [Measured(*key, quantity, None, events.get(key, 0)) for key, quantity in quantities.items() if key[2] == month]
        return found, late

    def _totals(self) -> tuple[dict[_Key, int], dict[_Key, int]]:
        """Quantity (0 where it is not a matter of adding days up) and number of events of everything on this bill.

        Most meters have no groups and most usage is on time: that is summed in the order of the index, which takes half as
        long as sorting it. Only what is otherwise is asked for by month and group.
        """
        month = self.bill_month.key
        totals = f"FROM usage_total WHERE bill_month = {month:d} AND {self.accounts}"
        top = "MAX(quantity)" if self._meters("max") else "0"
        sums = f"SUM(quantity / {_HALF:d}), SUM(quantity % {_HALF:d}), {top}, SUM(events)"
        whole, grouped = self._meters_by_group()
        self.cursor.execute(
            f"SELECT account_id, meter_id, {sums}, "
            f"MAX(CASE WHEN day < {month * 100:d} OR group_key <> '' THEN 1 ELSE 0 END) "
            f"{totals} AND meter_id IN ({_list(whole) or 'NULL'}) GROUP BY account_id, meter_id"
        )
        rows = self.cursor.fetchall()
        # Accounts with late usage, or with groups from a time when the meter had some: all of theirs is asked for again.
        again = {row[0] for row in rows if row[-1]}
        found = [(*row[:-1], month, "") for row in rows if row[0] not in again]
        if again or grouped:
            self.cursor.execute(
                f"SELECT account_id, meter_id, {sums}, day / 100, group_key {totals} "
                f"AND (meter_id IN ({_list(grouped) or 'NULL'}) OR {account_condition(sorted(again))}) "
                "GROUP BY account_id, meter_id, day / 100, group_key"
            )
            found += self.cursor.fetchall()
        quantities: dict[_Key, int] = {}
        events: dict[_Key, int] = {}
        for account_id, meter_id, high, low, largest, count, of_month, group_key in found:
            key = (account_id, meter_id, of_month, group_key)
            quantities[key] = largest if self.aggregation[meter_id] == "max" else int(high) * _HALF + int(low)
            events[key] = int(count)
        return quantities, events

    def _meters_by_group(self) -> tuple[list[int], list[int]]:
        """Meters without groups, and those with."""
        whole = [pk for pk, group_by in self.group_by.items() if not group_by]
        return whole, [pk for pk, group_by in self.group_by.items() if group_by]

    def _latest(self) -> dict[_Key, int]:
        meters = self._meters("latest")
        if not meters:
            return {}
        self.cursor.execute(
            "SELECT account_id, meter_id, day / 100, group_key, quantity FROM ("  # noqa: S608
            "SELECT account_id, meter_id, day, group_key, quantity, ROW_NUMBER() OVER ("
            "PARTITION BY account_id, meter_id, day / 100, group_key ORDER BY latest_us DESC, quantity DESC) AS place "
            f"FROM usage_total WHERE bill_month = {self.bill_month.key:d} AND {self.accounts} AND meter_id IN ({_list(meters)})"
            ") AS placed WHERE place = 1"
        )
        return {row[:4]: row[4] for row in self.cursor.fetchall()}

    def _hours(self, month: Month, accounts: str, known_month: int) -> dict[_Key, int]:
        lasted: dict[_Key, int] = defaultdict(int)
        start, end = month.start(self.zone), month.end(self.zone)
        if self.until is not None:
            end = max(start, min(end, self.until))
        for span in intervals(
            self.cursor,
            meter_ids=self._meters("hours"),
            accounts=accounts,
            start_us=microseconds(start),
            end_us=microseconds(end),
            known_month=known_month,
        ):
            key = (span.account_id, span.meter_id, month.key, span.group_key)
            lasted[key] += span.quantity * (span.until_us - span.from_us)
        return {key: seconds(unit_us) for key, unit_us in lasted.items()}

    # --- late usage: earlier months measured twice, with and without what this bill brought ---

    def late(self, affected: set[tuple[int, int, int]]) -> list[Measured]:
        months: dict[int, set[tuple[int, int]]] = defaultdict(set)
        hours: dict[int, set[tuple[int, int]]] = defaultdict(set)
        for account_id, meter_id, month in affected:
            if self.aggregation[meter_id] == "hours":
                # A state that came late lasts: it also changes the months between its own and this bill's.
                for later in _months(Month.from_key(month), self.bill_month):
                    hours[later.key].add((account_id, meter_id))
            else:
                months[month].add((account_id, meter_id))
        found: list[Measured] = []
        for month, pairs in months.items():
            found += self._late_totals(month, pairs)
        for month, pairs in hours.items():
            found += self._late_hours(Month.from_key(month), pairs)
        return found

    def as_known(self, month: Month, account_id: int) -> list[Measured]:
        pairs = {(account_id, meter_id) for meter_id in self.aggregation}
        found = {row[:4]: row._replace(before=None) for row in self._late_totals(month.key, pairs)}
        for key, lasted in self._hours(month, self.accounts, self.bill_month.key).items():
            events = found[key].events if key in found else 0
            found[key] = Measured(*key, lasted, None, events)
        return list(found.values())

    def _late_totals(self, month: int, pairs: set[tuple[int, int]]) -> list[Measured]:
        """``pairs`` are (account, meter); their days are few, so they are put together here."""
        accounts = account_condition(sorted({account_id for account_id, _meter in pairs}))
        self.cursor.execute(
            "SELECT account_id, meter_id, group_key, bill_month, quantity, events, latest_us FROM usage_total "  # noqa: S608
            f"WHERE day BETWEEN {month * 100:d} AND {month * 100 + 99:d} AND bill_month <= {self.bill_month.key:d} AND {accounts}"
        )
        days: dict[tuple[int, int, str], list[tuple[int, int, int, int]]] = defaultdict(list)
        for account_id, meter_id, group_key, *day in self.cursor.fetchall():
            if (account_id, meter_id) in pairs:
                days[(account_id, meter_id, group_key)].append(tuple(day))
        values = self._late_values(month, accounts)
        found = []
        for (account_id, meter_id, group_key), rows in days.items():
            known = self._known(meter_id, rows, values.get((account_id, meter_id, group_key), []), self.bill_month.key)
            earlier = self.bill_month.previous().key
            before = self._known(meter_id, rows, values.get((account_id, meter_id, group_key), []), earlier)
            there = any(row[0] <= earlier for row in rows)
            events = sum(row[2] for row in rows)
            found.append(Measured(account_id, meter_id, month, group_key, known, before if there else None, events))
        return found

    def _late_values(self, month: int, accounts: str) -> dict[tuple[int, int, str], list[tuple[int, int]]]:
        """For "unique" meters: on which bill how many values were new."""
        meters = self._meters("unique")
        if not meters:
            return {}
        self.cursor.execute(
            "SELECT account_id, meter_id, group_key, bill_month, COUNT(*) FROM usage_seen "  # noqa: S608
            f"WHERE month = {month:d} AND bill_month <= {self.bill_month.key:d} AND {accounts} AND meter_id IN ({_list(meters)}) "
            "GROUP BY account_id, meter_id, group_key, bill_month"
        )
        found: dict[tuple[int, int, str], list[tuple[int, int]]] = defaultdict(list)
        for account_id, meter_id, group_key, bill_month, count in self.cursor.fetchall():
            found[(account_id, meter_id, group_key)].append((bill_month, count))
        return found

    def _known(self, meter_id: int, rows: list[tuple[int, int, int, int]], values: list[tuple[int, int]], through: int) -> int:
        """A month's quantity from (bill_month, quantity, events, latest_us) of its days, as known through one bill."""
        days = [row for row in rows if row[0] <= through]
        kind = self.aggregation[meter_id]
        if kind == "unique":
            one: int = 10 ** self.scale[meter_id]
            return one * sum(count for bill_month, count in values if bill_month <= through)
        if kind == "max":
            return max((row[1] for row in days), default=0)
        if kind == "latest":
            return max(((row[3], row[1]) for row in days), default=(0, 0))[1]
        return sum(row[1] for row in days)

    def _late_hours(self, month: Month, pairs: set[tuple[int, int]]) -> list[Measured]:
        accounts = account_condition(sorted({account_id for account_id, _meter in pairs}))
        known = self._hours(month, accounts, self.bill_month.key)
        before = self._hours(month, accounts, self.bill_month.previous().key)
        self.cursor.execute(  # what lasted no second was there all the same, once something was told of it
            "SELECT account_id, meter_id, group_key, MIN(bill_month) FROM usage_total "  # noqa: S608
            f"WHERE day BETWEEN {month.key * 100:d} AND {month.key * 100 + 99:d} "
            f"AND bill_month <= {self.bill_month.key:d} AND {accounts} GROUP BY account_id, meter_id, group_key"
        )
        since: dict[_Key, int] = {
            (account_id, meter_id, month.key, group): first for account_id, meter_id, group, first in self.cursor.fetchall()
        }
        there = {key for key, first in since.items() if first < self.bill_month.key}
        keys = {key for key in known.keys() | before.keys() | since.keys() if key[:2] in pairs}
        return [Measured(*key, known.get(key, 0), before.get(key, 0 if key in there else None), 0) for key in keys]


def _months(first: Month, end: Month) -> Iterator[Month]:
    while first < end:
        yield first
        first = first.next()


def _list(ids: Sequence[int]) -> str:
    return ", ".join(f"{pk:d}" for pk in ids)
