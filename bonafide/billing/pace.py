"""How a month's amounts lie on its days, and what the bill comes to if it goes on like that. Pure: no Django, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from bonafide.periods import Month, day_from_key

Key = TypeVar("Key", int, str)
# Days that must have passed whole before a pace can be told from them.
ENOUGH = 3


@dataclass(frozen=True)
class Spread:
    """Minor units by day of the month, and ``apart`` what belongs to no day of it: fees, minimums, late usage."""

    by_day: dict[date, int]
    apart: int

    def through(self, day: date) -> int:
        """What the month came to by the end of ``day``."""
        return self.apart + sum(minor for on, minor in self.by_day.items() if on <= day)


@dataclass(frozen=True)
class Pace:
    """``a_day`` is the mean of the ``days`` whole days so far; ``net_minor`` the month's net if every day to come is like it."""

    days: int
    a_day: int
    net_minor: int


def spread(*, lines: Iterable[tuple[str, int]], daily: Mapping[str, Mapping[int, int]], month: Month) -> Spread:
    """Lay each meter's lines on the days it was used on, in proportion to the quantities; nothing is lost or added.

    :param lines: meter code (empty for a fee) and net in minor units.
    :param daily: by meter code, quantity by day (YYYYMMDD), in any unit; days outside ``month`` are late usage.
    """
    nets: dict[str, int] = defaultdict(int)
    for meter, net in lines:
        nets[meter] += net
    by_day: dict[date, int] = defaultdict(int)
    apart = 0
    for meter, net in nets.items():
        shares = share(net, daily.get(meter, {}))
        for key, minor in shares.items():
            if key // 100 == month.key:
                by_day[day_from_key(key)] += minor
            else:
                apart += minor
        if not shares:
            apart += net
    return Spread(by_day=dict(by_day), apart=apart)


def share(net: int, quantities: Mapping[Key, int]) -> dict[Key, int]:
    """``net`` by the keys of ``quantities`` in proportion; empty when they add up to nothing. The parts sum to ``net`` exactly.

    Each part is the difference of two rounded running sums, so that no rounding is carried from one day to the next.
    """
    whole = sum(quantities.values())
    if not whole:
        return {}
    parts, passed, given = {}, 0, 0
    for key in sorted(quantities):
        passed += quantities[key]
        reached = half_up(net * passed, whole)
        parts[key] = reached - given
        given = reached
    return parts


def pace(*, spread: Spread, month: Month, today: date) -> Pace | None:
    """The month at the mean of its whole days so far; None outside the month and in its first days.

    Today counts at least as an ordinary day, because it is not over.
    """
    whole_days = (today - month.first_day).days
    if whole_days < ENOUGH or today > month.last_day:
        return None
    yesterday = today - timedelta(days=1)
    passed = spread.through(yesterday) - spread.apart
    a_day = half_up(passed, whole_days)
    today_too = max(spread.by_day.get(today, 0), a_day)
    to_come = (month.last_day - today).days
    return Pace(days=whole_days, a_day=a_day, net_minor=spread.apart + passed + today_too + a_day * to_come)


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest integer, halves away from zero."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded
