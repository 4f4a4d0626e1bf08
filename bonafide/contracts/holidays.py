"""Public holidays, on which no period ends. Pure.

France's are those of the Code du travail (L3133-1), and in Alsace and Moselle two more (L3134-13). Any others are listed in the
operator's file: of other countries they change by decree, and nobody here would follow them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days from Easter Sunday: Easter Monday, Ascension, Whit Monday.
_MOVING = (1, 39, 50)


def is_holiday(*, on: date, calendar: str, more: Collection[date] = ()) -> bool:
    """Whether ``on`` is one; ``calendar`` is ``FR``, ``FR-AM`` (with Alsace and Moselle) or ``listed`` (``more`` alone)."""
    if on in more:
        return True
    if calendar == "listed":
        return False
    from_easter = (on - easter(on.year)).days
    if (on.month, on.day) in _FIXED or from_easter in _MOVING:
        return True
    return calendar == "FR-AM" and (from_easter == -2 or (on.month, on.day) == (12, 26))


def is_working_day(*, on: date, calendar: str, more: Collection[date] = ()) -> bool:
    """Every day but public holidays, Saturdays and Sundays (Reg. (EEC, Euratom) 1182/71 art. 2(2))."""
    return on.weekday() < 5 and not is_holiday(on=on, calendar=calendar, more=more)


def next_working_day(*, on: date, calendar: str, more: Collection[date] = ()) -> date:
    """``on`` itself, if it is one."""
    while not is_working_day(on=on, calendar=calendar, more=more):
        on += timedelta(days=1)
    return on


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the rule of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
