"""What a month comes to, worked out the slow and obvious way: quarter of an hour by quarter of an hour, day by day, in fractions.

It is given a world (plans, subscriptions, an account, events) in plain values and shares no code with the engine. The texts that
it follows are docs/prices.md and the decision record on parts of months.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

QUARTER = 900
DAY = timedelta(days=1)
Terms = dict[str, Any]


class Happened(NamedTuple):
    """An event; ``us`` is microseconds since 1970. ``late``: it came after its month was billed."""

    meter: str
    group: str
    subject: str
    quantity: Fraction
    us: int
    late: bool


@dataclass
class Item:
    """A price: its meter ("" for a flat one) and its versions, each from a day on; None withdraws it."""

    meter: str
    versions: list[tuple[date, Terms | None]]


@dataclass
class Plan:
    proration: str
    items: list[Item]


@dataclass
class Subscription:
    """Seconds since 1970, half-open."""

    plan: int
    start: int
    end: int | None


@dataclass
class World:
    zone: ZoneInfo
    decimals: int  # of the currency
    meters: dict[str, tuple[str, int]]  # aggregation and scale
    plans: list[Plan]
    default: int | None
    subscriptions: list[Subscription]
    opened: int
    closed: int | None
    events: list[Happened] = field(default_factory=list)

    def midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def day(self, second: int) -> date:
        return datetime.fromtimestamp(second, tz=self.zone).date()


class Stopped(Exception):
    """Usage without a plan or a price."""


class Line(NamedTuple):
    meter: str
    quantity: Fraction
    price: Fraction
    net: int


def bill(world: World, year: int, month: int) -> list[Line]:
    """The lines of a month's own usage, as known when it is billed: events of it that came late are not."""
    walk = Walk(world, year, month)
    known = [event for event in world.events if not event.late]
    if world.opened >= walk.end and not walk.uses(known):
        return []  # nobody's account yet, and no history of it
    walk.refuse_unpriced(known, {event.meter for event in known})
    lines = []
    for part in walk.parts():
        for quantity in part.quantities(walk, known):
            lines += [Line(part.item.meter, *line) for line in rate(part.terms, quantity, world.decimals)]
    return lines


def late(world: World, year: int, month: int) -> list[tuple[str, int]]:
    """Meter and amount of each late line: what the month comes to with everything, less what it came to in time."""
    walk = Walk(world, year, month)
    known = [event for event in world.events if not event.late]
    meters = {event.meter for event in world.events if event.late}
    walk.refuse_unpriced(world.events, meters)
    lines = []
    for part in walk.parts():
        if part.item.meter not in meters:
            continue
        billed = part.groups(walk, known)
        for group in sorted({*billed, *part.groups(walk, world.events)}, key=str):
            before, after = part.quantity(walk, known, group), part.quantity(walk, world.events, group)
            nets = [sum(line[2] for line in rate(part.terms, one, world.decimals)) for one in (before, after)]
            if group is not None and group not in billed:  # not even its minimum was billed
                nets[0] = 0
            if before != after or (group is not None and group not in billed and Fraction(part.terms.get("minimum", 0))):
                lines.append((part.item.meter, nets[1] - nets[0]))
    return lines


class Walk:
    """Each quarter of an hour of a month with the run of one plan that it lies in, and each day with the run at its end."""

    def __init__(self, world: World, year: int, month: int) -> None:
        self.world = world
        first = date(year, month, 1)
        self.days = []
        while first.month == month:
            self.days.append(first)
            first += DAY
        self.start, self.end = world.midnight(self.days[0]), world.midnight(first)
        self.runs: list[int] = []
        self.quarters: dict[int, int] = {}
        self.of_day: dict[date, int] = {}
        self.early: set[date] = set()
        self.whole = self._whole_months_plan()
        if self.whole is not None:
            self.runs, self.of_day = [self.whole], dict.fromkeys(self.days, 0)
        else:
            self._walk()

    def _whole_months_plan(self) -> int | None:
        """A plan of whole months that is the month's last subscription, or the default without any, has all of it."""
        within = [one for one in self.world.subscriptions if one.start < self.end and (one.end is None or one.end > self.start)]
        last = max(within, key=lambda one: one.start).plan if within else self.world.default
        return last if last is not None and self.world.plans[last].proration == "none" else None

    def _walk(self) -> None:
        world, before = self.world, None
        for second in range(self.start, self.end, QUARTER):
            plan = self._plan_at(second)
            if plan is not None and plan != before:
                self.runs.append(plan)
            before = plan
            if plan is not None:
                self.quarters[second] = len(self.runs) - 1
                self.of_day[world.day(second)] = len(self.runs) - 1  # the last of a day stays
        if self.start < world.opened < self.end and self.runs[:1] == [world.default] and min(self.quarters) == world.opened:
            # what is older than the account counts with its first days
            self.early = {day for day in self.days if day < world.day(world.opened)}
            self.of_day.update(dict.fromkeys(self.early, 0))

    def _plan_at(self, second: int) -> int | None:
        world = self.world
        if world.closed is not None and self.start < world.closed <= second:
            return None
        for one in world.subscriptions:
            if one.start <= second and (one.end is None or second < one.end):
                return one.plan
        return world.default if world.opened <= second or world.opened >= self.end else None

    def version(self, plan: Plan, item: Item, day: date) -> int | None:
        """Which version of a price holds on a day; none when there is none, or it is withdrawn."""
        on = self.days[0] if plan.proration == "none" else day
        begun = [number for number, (since, _terms) in enumerate(item.versions) if since <= on]
        return begun[-1] if begun and item.versions[begun[-1]][1] is not None else None

    def parts(self) -> list[Part]:
        found = []
        for run, plan_number in enumerate(self.runs):
            plan = self.world.plans[plan_number]
            for item in plan.items:
                for number, (_since, terms) in enumerate(item.versions):
                    days = {day for day in self.days if self.of_day.get(day) == run and self.version(plan, item, day) == number}
                    share = self._share(plan, item, run, number, days)
                    if terms is not None and (days or share):
                        found.append(Part(item, days, prorated(self.world, item.meter, terms, share)))
        return found

    def _share(self, plan: Plan, item: Item, run: int, number: int, days: set[date]) -> Fraction:
        if plan.proration == "none":
            return Fraction(1 if days else 0)
        if plan.proration == "day":
            return Fraction(len(days - self.early), len(self.days))
        seconds = sum(
            QUARTER
            for second, of in self.quarters.items()
            if of == run and self.version(plan, item, self.world.day(second)) == number
        )
        return Fraction(seconds, self.end - self.start)

    def uses(self, events: list[Happened]) -> bool:
        """Whether there is any usage of the month."""
        within = any(self.world.day(event.us // 10**6) in self.days for event in events)
        return within or bool(lasted(self.world, events, self.days))

    def refuse_unpriced(self, events: list[Happened], meters: set[str]) -> None:
        closed = None if self.world.closed is None else self.world.day(self.world.closed - 1)
        for day in self.days:
            used = {event.meter for event in events if self.world.day(event.us // 10**6) == day}
            if not (closed and self.days[0] <= closed < day):  # nothing goes on after the closing
                used |= {meter for meter, _group in lasted(self.world, events, [day])}
            for meter in used & meters:
                run = self.of_day.get(day)
                plan = None if run is None else self.world.plans[self.runs[run]]
                if plan is None or not any(
                    item.meter == meter and self.version(plan, item, day) is not None for item in plan.items
                ):
                    raise Stopped(f"{meter} on {day}")


@dataclass
class Part:
    """Some days at one price, and what they owe."""

    item: Item
    days: set[date]
    terms: Terms

    def quantities(self, walk: Walk, known: list[Happened]) -> list[Fraction]:
        """One for each group that is priced apart, else one; none where nothing is owed."""
        if not self.item.meter:
            return [Fraction(0)] if self.terms["share"] else []
        return [self.quantity(walk, known, group) for group in self.groups(walk, known)]

    def groups(self, walk: Walk, known: list[Happened]) -> list[str | None]:
        found = {event.group for event in self._mine(walk, known)}
        if self._kind(walk) == "hours":
            found |= {group for meter, group in lasted(walk.world, known, self.days) if meter == self.item.meter}
        if self.terms.get("split"):
            return sorted(found)  # type: ignore[type-var]
        return [None] if found or Fraction(self.terms.get("minimum", 0)) else []

    def quantity(self, walk: Walk, known: list[Happened], group: str | None) -> Fraction:  # noqa: C901
        """In the meter's unit; of one group, or of all of them."""
        kind, scale = walk.world.meters[self.item.meter]
        by_group: dict[str, Fraction] = defaultdict(Fraction)
        events = self._mine(walk, known)
        for event in events:
            if kind == "sum":
                by_group[event.group] += event.quantity
            elif kind == "count":
                by_group[event.group] += 1
            elif kind == "max":
                by_group[event.group] = max(by_group[event.group], event.quantity)
            elif kind == "latest":
                readings = [(one.us, one.quantity) for one in events if one.group == event.group]
                # of a day it is the last in time; events on the next bill are of the same month
                by_group[event.group] = max(readings)[1]
        if kind == "unique":
            for (of, _value), day in first_seen(walk, self.item.meter, known).items():
                by_group[of] += 1 if day in self.days else 0
        if kind == "hours":
            for (meter, of), us in lasted(walk.world, known, self.days).items():
                if meter == self.item.meter:  # whole seconds of the smallest unit, once a group
                    by_group[of] += Fraction(floor(us * 10**scale / 10**6 + Fraction(1, 2)), 10**scale)
        whole = sum(by_group.values(), Fraction(0)) if group is None else by_group[group]
        return half_up(whole / 3600, 6) if kind == "hours" else whole

    def _mine(self, walk: Walk, known: list[Happened]) -> list[Happened]:
        return [event for event in known if event.meter == self.item.meter and walk.world.day(event.us // 10**6) in self.days]

    def _kind(self, walk: Walk) -> str:
        return walk.world.meters[self.item.meter][0]


def first_seen(walk: Walk, meter: str, known: list[Happened]) -> dict[tuple[str, str], date]:
    """On which day each value of a month was first seen: of those on the first bill that had it, the earliest."""
    found: dict[tuple[str, str], tuple[bool, date]] = {}
    for event in known:
        day = walk.world.day(event.us // 10**6)
        if event.meter == meter and day in walk.days:
            key = (event.group, event.subject)
            found[key] = min(found.get(key, (True, date.max)), (event.late, day))
    return {key: day for key, (_late, day) in found.items()}


def lasted(world: World, known: list[Happened], days: Any) -> dict[tuple[str, str], Fraction]:
    """By meter and group, microseconds on these days that resources existed, times how many of them there were."""
    spans = [(world.midnight(day) * 10**6, world.midnight(day + DAY) * 10**6) for day in days]
    states: dict[tuple[str, str], list[tuple[int, Fraction, str]]] = defaultdict(list)
    for event in known:
        if world.meters[event.meter][0] == "hours":
            states[event.meter, event.subject].append((event.us, event.quantity, event.group))
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for (meter, _subject), of_one in states.items():
        of_one.sort()
        for number, (since, quantity, group) in enumerate(of_one):
            until = of_one[number + 1][0] if number + 1 < len(of_one) else 10**18
            for start, end in spans:
                length = min(until, end) - max(since, start)
                if quantity and length > 0:
                    found[meter, group] += quantity * length
    return found


def prorated(world: World, meter: str, terms: Terms, share: Fraction) -> Terms:  # noqa: C901
    """The terms of a part of a month; see docs/prices.md."""
    new = {**terms, "share": share}
    if share == 1:
        return new
    kind, scale = world.meters.get(meter, ("", 0))
    level = kind in ("max", "latest")
    places = 4 if kind == "hours" else min(scale, 4)
    for name in ("amount", "minimum"):
        if name in terms:
            new[name] = half_up(Fraction(terms[name]) * share, world.decimals)
    if "included" in terms and not level:
        new["included"] = half_up(Fraction(terms["included"]) * share, places)
    for name in ("unit_price", "price"):
        if name in terms and level:
            new[name] = half_up(Fraction(terms[name]) * share, 6)
    if "tiers" in terms:
        new["tiers"], below = [], Fraction(0)
        for tier in terms["tiers"]:
            cut = {**tier, "flat": half_up(Fraction(tier.get("flat", 0)) * share, world.decimals)}
            if level:
                cut["unit_price"] = half_up(Fraction(tier["unit_price"]) * share, 6)
            elif "up_to" in tier:
                cut["up_to"] = half_up(Fraction(tier["up_to"]) * share, places)
                if cut["up_to"] <= below:
                    continue
                below = cut["up_to"]
            new["tiers"].append(cut)
    return new


def rate(terms: Terms, quantity: Fraction, decimals: int) -> list[tuple[Fraction, Fraction, int]]:
    """Quantity, price and net of each line; nets in minor units."""
    if terms["model"] == "flat":
        return [_line(Fraction(1), Fraction(terms["amount"]), decimals)]
    included, lines = Fraction(terms.get("included", 0)), []
    free = min(included, quantity)
    if included and (free or quantity == free):
        lines.append(_line(free, Fraction(0), decimals))
    if quantity > free or not lines:
        lines += _beyond(terms, quantity - free, decimals)
    missing = half_up(Fraction(terms.get("minimum", 0)), decimals) * 10**decimals - sum(line[2] for line in lines)
    if missing > 0:
        lines.append(_line(Fraction(1), missing / 10**decimals, decimals))
    return lines


def _beyond(terms: Terms, quantity: Fraction, decimals: int) -> list[tuple[Fraction, Fraction, int]]:
    model = terms["model"]
    if model == "per-unit":
        return [_line(quantity, Fraction(terms["unit_price"]), decimals)]
    if model == "cost-plus":
        return [_line(quantity, 1 + Fraction(terms["markup_percent"]) / 100, decimals)]
    if model == "package":
        return [_line(Fraction(-floor(-quantity / Fraction(terms["size"]))), Fraction(terms["price"]), decimals)]
    found, below = [], Fraction(0)
    for number, tier in enumerate(terms["tiers"]):
        up_to = Fraction(tier["up_to"]) if "up_to" in tier else None
        if model == "graduated":
            inside = max(Fraction(0), (quantity if up_to is None else min(quantity, up_to)) - below)
            mine = number == 0 or inside > 0
        else:
            inside = quantity
            mine = (up_to is None or quantity <= up_to) and (number == 0 or quantity > below)
        if mine:
            found.append(_line(inside, Fraction(tier["unit_price"]), decimals))
            if Fraction(tier.get("flat", 0)) and inside:
                found.append(_line(Fraction(1), Fraction(tier["flat"]), decimals))
        below = below if up_to is None else up_to
    return found


def _line(quantity: Fraction, price: Fraction, decimals: int) -> tuple[Fraction, Fraction, int]:
    return quantity, price, int(half_up(quantity * price, decimals) * 10**decimals)


def half_up(value: Fraction, places: int) -> Fraction:
    """Of a number that is not below zero."""
    return Fraction(floor(value * 10**places + Fraction(1, 2)), 10**places)
