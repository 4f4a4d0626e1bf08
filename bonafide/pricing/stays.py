"""Where an account is within a month: on which plan from when to when, and what part of the month each stay owes. Pure.

A plan says what a part of a month on it owes: nothing less than the whole (``none``), days of the stay over days of the month
(``day``), or seconds over the seconds that really pass in the month (``second``). Usage belongs to the stay at the END of its
day, so that no day is ever divided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from bonafide.periods import Month

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Subscribed:
    """A subscription as it stands; see :class:`bonafide.pricing.models.Subscription`."""

    plan_id: int
    starts_on: date
    ends_on: date | None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def start(self, zone: ZoneInfo) -> datetime:
        return self.starts_at or midnight(self.starts_on, zone)

    def end(self, zone: ZoneInfo) -> datetime | None:
        return self.ends_at or (None if self.ends_on is None else midnight(self.ends_on, zone))

    def overlaps(self, month: Month, zone: ZoneInfo) -> bool:
        end = self.end(zone)
        return self.start(zone) < month.end(zone) and (end is None or end > month.start(zone))


@dataclass(frozen=True)
class Part:
    """A stretch of a stay at one price. Its usage is that of the days from ``first`` to before ``until``, which may be none.

    :ivar share: what part of the month it owes, which is ``owed`` of ``of`` days or seconds (``unit``).
    :ivar named: the first and the last day on which it owes anything, for words.
    """

    first: date
    until: date
    named: tuple[date, date]
    owed: int
    of: int
    unit: str

    @property
    def share(self) -> Fraction:
        return Fraction(self.owed, self.of)

    def has(self, day: date) -> bool:
        """Whether the usage of a day belongs here."""
        return self.first <= day < self.until


@dataclass(frozen=True)
class Stay:
    """A time on one plan within a month.

    :ivar first: the first day whose usage belongs here; ``until`` is the first day after, which may be the same (a stay of hours
        that covers no day's end).
    :ivar owes: what it owes, from and until, in ordinals of days or in seconds since 1970 as its plan is prorated.
    """

    plan_id: int
    month: Month
    first: date
    until: date
    proration: str
    owes: tuple[int, int]

    def part(self, *, since: date, until: date, zone: ZoneInfo) -> Part | None:
        """What lies between two midnights; none when nothing does. Without proration every part owes the whole."""
        first, end = max(self.first, since), max(min(self.until, until), max(self.first, since))
        if self.proration == "none":
            return Part(first, end, (first, end - DAY), 1, 1, "month") if first < end else None
        ruler = _RULERS[self.proration]
        begin, stop = max(self.owes[0], ruler(since, zone)), min(self.owes[1], ruler(until, zone))
        if first >= end and begin >= stop:
            return None
        owed = max(0, stop - begin)
        named = (_named(self.proration, begin, zone), _named(self.proration, stop - 1, zone)) if owed else (first, end - DAY)
        return Part(first, end, named, owed, _length(self.proration, self.month, zone), self.proration)

    def is_whole(self, zone: ZoneInfo) -> bool:
        """Whether it is all of the month, and owes all of it."""
        return self == whole_stay(month=self.month, plan_id=self.plan_id, proration=self.proration, zone=zone)


@dataclass(frozen=True)
class _Piece:
    plan_id: int
    start: datetime
    end: datetime


def stays_in(
    *,
    month: Month,
    zone: ZoneInfo,
    subscriptions: Sequence[Subscribed],
    default: int | None,
    proration: Mapping[int, str],
    opened: datetime,
    closed: datetime | None,
) -> tuple[Stay, ...]:
    """The stays of one account in ``month``, in order of time; none without a plan.

    A plan without proration that the month's last subscription is on takes the whole month, and so does such a default plan
    without any subscription. Else every subscription counts for its time, and the default plan, if any, for the time between
    them while the account was open. Once it is closed no plan goes on. An account that was not open in the month at all (its
    usage is older than itself) has it whole.

    :param subscriptions: in order of their start; those outside the month do not matter.
    :param proration: by plan, in this month.
    """
    within = [one for one in subscriptions if one.overlaps(month, zone)]
    last = within[-1].plan_id if within else default
    if last is None:
        return ()
    if proration[last] == "none":
        return (whole_stay(month=month, plan_id=last, proration="none", zone=zone),)
    start, end = month.start(zone), month.end(zone)
    if closed is not None and start < closed < end:
        end = closed
    # What is older than its account is the account's all the same.
    opened = start if opened >= month.end(zone) or (closed is not None and closed <= start) else max(start, opened)
    pieces: list[_Piece] = []
    for piece in _pieces(within, default, start, opened, end, zone):
        if pieces and pieces[-1].plan_id == piece.plan_id and pieces[-1].end == piece.start:
            pieces[-1] = replace(pieces[-1], end=piece.end)
        else:
            pieces.append(piece)
    return tuple(_stays(month, pieces, proration, zone))


def whole_stay(*, month: Month, plan_id: int, proration: str, zone: ZoneInfo) -> Stay:
    """All of the month on one plan."""
    first, until = month.first_day, month.next().first_day
    ruler = _RULERS.get(proration, _ordinal)
    return Stay(plan_id, month, first, until, proration, (ruler(first, zone), ruler(until, zone)))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _pieces(
    subscriptions: Sequence[Subscribed], default: int | None, start: datetime, opened: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[_Piece]:
    """Subscriptions, and the default plan where there is none, clipped to the month and to the account's closing."""
    reached = opened
    for one in subscriptions:
        since, until = max(start, one.start(zone)), min(end, one.end(zone) or end)
        if default is not None and reached < min(since, end):
            yield _Piece(default, reached, min(since, end))
        if since < until:
            yield _Piece(one.plan_id, since, until)
        reached = max(reached, until)
    if default is not None and reached < end:
        yield _Piece(default, reached, end)


def _stays(month: Month, pieces: Sequence[_Piece], proration: Mapping[int, str], zone: ZoneInfo) -> Iterator[Stay]:
    for number, piece in enumerate(pieces):
        first, until = _day(piece.start, zone), _day(piece.end - SECOND / 1000, zone) + DAY
        if number + 1 < len(pieces):  # the plan at the end of a day has the day
            until = min(until, _day(pieces[number + 1].start, zone))
        kind = proration[piece.plan_id]
        until = max(first, until)
        seconds = (_seconds(piece.start), _seconds(piece.end))
        owes = seconds if kind == "second" else (first.toordinal(), until.toordinal())
        yield Stay(piece.plan_id, month, first, until, kind, owes)


def _ordinal(day: date, zone: ZoneInfo) -> int:
    return day.toordinal()


def _midnight_second(day: date, zone: ZoneInfo) -> int:
    return _seconds(midnight(day, zone))


# Where a midnight is on the ruler of a plan.
_RULERS: dict[str, Callable[[date, ZoneInfo], int]] = {"day": _ordinal, "second": _midnight_second}


def _length(proration: str, month: Month, zone: ZoneInfo) -> int:
    ruler = _RULERS[proration]
    return ruler(month.next().first_day, zone) - ruler(month.first_day, zone)


def _named(proration: str, point: int, zone: ZoneInfo) -> date:
    """The day in which a point of the ruler lies."""
    return date.fromordinal(point) if proration == "day" else _day(_EPOCH + point * SECOND, zone)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _seconds(moment: datetime) -> int:
    """Whole seconds since 1970; what is begun of one is left out."""
    return (moment - _EPOCH) // SECOND
