"""Calendar months in the operator's time zone, half-open. Pure: no Django, no clock."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; ``Month(2024, 9)`` is written ``2024-09`` and stored as the integer 202409."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1970 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise ValueError(f"no such month: {self.year}-{self.month:02d}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``YYYY-MM``.

        :raises ValueError: for anything else, naming the text and the form expected.
        """
        found = _TEXT.fullmatch(text)
        if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1970:
            raise ValueError(f"month {text!r} is not a month: expected YYYY-MM, for example 2024-09")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def from_key(cls, key: int) -> Month:
        """The month stored as YYYYMM."""
        return cls(key // 100, key % 100)

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Month:
        """The month in which an aware instant falls on the operator's calendar."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @property
    def key(self) -> int:
        return self.year * 100 + self.month

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def next(self) -> Month:
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    def previous(self) -> Month:
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    def start(self, zone: ZoneInfo) -> datetime:
        """The first instant of the month."""
        return datetime(self.year, self.month, 1, tzinfo=zone)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first instant after the month."""
        return self.next().start(zone)

    def hours(self, zone: ZoneInfo) -> int:
        """Hours that really pass in the month: 744 for most 31-day months, 743 or 745 when the clocks change."""
        utc = ZoneInfo("UTC")
        return (self.end(zone).astimezone(utc) - self.start(zone).astimezone(utc)) // timedelta(hours=1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def months_before(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same day and hour so many calendar months earlier on the calendar of ``zone``; the last of a month that is shorter."""
    local = moment.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(moment.tzinfo)


def months_after(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same, later."""
    return months_before(moment, -months, zone)


def day_key(day: date) -> int:
    """A date as the integer YYYYMMDD, the form in which totals keep it."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_from_key(key: int) -> date:
    """The date stored as YYYYMMDD."""
    return date(key // 10_000, key // 100 % 100, key % 100)
