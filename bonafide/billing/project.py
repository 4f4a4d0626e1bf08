"""What a meter comes to by the end of the month, told from its days so far: arithmetic on integers, no clock.

The rule, as pages say it: every day to come is like the mean of the whole days so far, and today at least that. The range: as if
the days to come were like the mean of the quieter half of those days, and of the busier half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from bonafide.billing.pace import ENOUGH, half_up, share
from bonafide.periods import Month, day_key
from bonafide.usage.measure import Measured


class More(NamedTuple):
    """How much is added to what there is so far; ``low`` and ``high`` are the ends of the range."""

    low: int
    likely: int
    high: int


@dataclass(frozen=True)
class Ahead:
    """``days`` whole days were looked at; ``a_day`` is their mean, to the nearest whole."""

    days: int
    a_day: int
    more: More


def whole_days(*, month: Month, today: date) -> int:
    """The days that have passed whole, as soon as there are enough to tell a pace from; else 0, and 0 outside the month."""
    passed = (today - month.first_day).days
    return passed if passed >= ENOUGH and today <= month.last_day else 0


def ahead(*, daily: Mapping[int, int], month: Month, today: date) -> Ahead | None:
    """From the quantities by day (YYYYMMDD); None in the month's first days. Days of other months are late usage: left out."""
    count = whole_days(month=month, today=today)
    if not count:
        return None
    passed = sorted(daily.get(day_key(month.first_day + timedelta(days=number)), 0) for number in range(count))
    half = count // 2
    so_far_today, to_come = daily.get(day_key(today), 0), (month.last_day - today).days

    def more(whole: int, days: int) -> int:
        """With so much on so many days as the measure of a day."""
        return half_up(max(whole - so_far_today * days, 0) + whole * to_come, days)

    low, likely, high = more(sum(passed[:half]), half), more(sum(passed), count), more(sum(passed[-half:]), half)
    return Ahead(days=count, a_day=half_up(sum(passed), count), more=More(min(low, likely), likely, max(likely, high)))


def grown(*, rows: Sequence[Measured], month: Month, more: Mapping[int, int]) -> list[Measured]:
    """A month's rows with so much more of each meter (by its id), on its groups in proportion; late usage stays as it is."""
    groups: dict[int, dict[str, int]] = {}
    for row in rows:
        if row.usage_month == month.key and more.get(row.meter_id):
            groups.setdefault(row.meter_id, {})[row.group_key] = row.quantity
    shares = {meter: _shared(more[meter], quantities) for meter, quantities in groups.items()}
    return [
        row._replace(quantity=row.quantity + shares[row.meter_id][row.group_key])
        if row.usage_month == month.key and row.meter_id in shares
        else row
        for row in rows
    ]


def _shared(more: int, quantities: Mapping[str, int]) -> dict[str, int]:
    """All of it on the first where there is nothing to go by."""
    return share(more, quantities) or {key: more if place == 0 else 0 for place, key in enumerate(sorted(quantities))}
