"""What is owed of a fee by the month for the days of it that a contract lasted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bonafide.money import EXACT, ROUNDING, round_half_up
from bonafide.periods import Month


@dataclass(frozen=True)
class Split:
    """A fee in minor units: what is kept for the days used, and what goes back."""

    kept_minor: int
    back_minor: int


def split_fee(*, fee_minor: int, days_used: int, days: int, on_request: bool) -> Split:
    """A fee for ``days`` days of which ``days_used`` were used, when the consumer withdraws.

    Who had expressly asked that it begin at once owes the part that was supplied; anybody else owes nothing (C. conso. L221-25).
    The day of the withdrawal counts as used. Rounded half up, once.

    :raises ValueError: for days that are none, or more than there are.
    """
    if days <= 0 or not 0 <= days_used <= days:
        raise ValueError(f"{days_used} of {days} days: expected between none and all of them")
    kept = owed(fee_minor=fee_minor, days_used=days_used, days=days) if on_request else 0
    return Split(kept, fee_minor - kept)


def owed(*, fee_minor: int, days_used: int, days: int) -> int:
    """The part of a fee for some of its days, in minor units, rounded half up."""
    return int(round_half_up(ROUNDING.divide(EXACT.multiply(Decimal(fee_minor), Decimal(days_used)), Decimal(days)), 0))


def days_by_month(*, first: date, last: date) -> Iterator[tuple[Month, int, int]]:
    """Each calendar month from ``first`` to ``last``, both included: the month, how many of its days, how many it has."""
    while first <= last:
        month = Month(first.year, first.month)
        until = min(last, month.last_day)
        yield month, (until - first).days + 1, month.last_day.day
        first = until + timedelta(days=1)
