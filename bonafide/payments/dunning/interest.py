"""Interest on what was paid late, exactly, day by day. Pure.

Days count from the day after the due date (C. com. L441-10 II) up to and with the day of payment, each as a 365th of the year's
rate, leap years too. Every stretch of days with one rate and one open amount is a part. Parts are exact; their sum is rounded
half up once, to the currency's minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bonafide.money import EXACT, ROUNDING, round_half_up

_DAY = timedelta(days=1)
_YEAR = Decimal(36_500)  # days of a year, times a hundred: rates are in percent


@dataclass(frozen=True)
class YearlyRate:
    """A rate in percent a year, from its first to its last day."""

    first: date
    last: date
    percent: Decimal


@dataclass(frozen=True)
class Part:
    """``days`` days from ``first`` to ``last`` at one rate on one amount; ``percent`` is None where no rate is known."""

    first: date
    last: date
    open_minor: int
    percent: Decimal | None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Interest:
    """What it comes to, in minor units, and of what. ``unknown_days`` are those that nothing is claimed for."""

    minor: int
    parts: tuple[Part, ...]

    @property
    def unknown_days(self) -> int:
        return sum(part.days for part in self.parts if part.percent is None)


def interest(
    *, after: date, until: date, owed_minor: int, paid: Iterable[tuple[date, int]], rates: Iterable[YearlyRate]
) -> Interest:
    """Interest for the days after ``after`` up to and with ``until``.

    ``paid`` is what came when (below zero for what went back); the day on which money came is the last that its amount counts
    for. A day without a rate bears nothing.
    """
    parts = tuple(_parts(after, until, owed_minor, sorted(paid), sorted(rates, key=lambda rate: rate.first)))
    exact = Decimal(0)
    for part in parts:
        if part.percent is not None:
            exact = EXACT.add(exact, EXACT.multiply(part.percent, Decimal(part.open_minor * part.days)))
    return Interest(int(round_half_up(ROUNDING.divide(exact, _YEAR), 0)), parts)


def _parts(after: date, until: date, owed_minor: int, paid: list[tuple[date, int]], rates: list[YearlyRate]) -> Iterator[Part]:
    first = after + _DAY
    cuts = {day + _DAY for day, _minor in paid} | {rate.first for rate in rates} | {rate.last + _DAY for rate in rates}
    begins = [first, *sorted(cut for cut in cuts if first < cut <= until)]
    for begin, following in zip(begins, [*begins[1:], until + _DAY], strict=True):
        left = owed_minor - sum(minor for day, minor in paid if day < begin)
        if begin > until or left <= 0:
            continue
        percent = next((rate.percent for rate in rates if rate.first <= begin <= rate.last), None)
        yield Part(begin, following - _DAY, left, percent)
