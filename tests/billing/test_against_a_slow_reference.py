"""Random catalogs, accounts that come, change and go, and usage of every kind: the engine's lines are the slow reference's."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bonafide.accounts.models import Account
from bonafide.billing.compute import running_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.money import exponent
from bonafide.periods import Month
from bonafide.pricing import prorate, stays
from bonafide.pricing.models import Plan, Price, Subscription
from bonafide.pricing.rating import Terms
from tests.billing import slow_reference as reference
from tests.billing.slow_reference import QUARTER, Happened, Item, World
from tests.billing.slow_reference import Stopped as Refused
from tests.factories.accounts import make_account
from tests.factories.billing import operator
from tests.factories.pricing import close_month
from tests.factories.usage import make_draft, make_meter, take_in

PARIS = ZoneInfo("Europe/Paris")
# 29 days, 743 hours, 745 hours, and an ordinary one.
MONTHS = (Month(2024, 2), Month(2024, 3), Month(2024, 10), Month(2024, 9))
KINDS = {"sum": 3, "count": 0, "max": 1, "latest": 2, "unique": 0, "hours": 0}


# --- a random world ---


def some(rng: Random, high: int, places: int) -> str:
    return str(Decimal(rng.randint(0, high)).scaleb(-places))


def random_terms(rng: Random, kind: str) -> dict[str, Any]:
    """As the price file would have them, in the form in which the database keeps them."""
    if not kind:
        return {"model": "flat", "amount": some(rng, 20_000, 2)}
    model = rng.choice(["per-unit", "graduated", "volume", "package", "per-unit", *(["cost-plus"] if kind == "sum" else [])])
    terms: dict[str, Any] = {"model": model}
    if model == "per-unit":
        terms["unit_price"] = some(rng, 10**6, 6)
    elif model == "cost-plus":
        terms["markup_percent"] = some(rng, 10_000, 2)
    elif model == "package":
        terms |= {"size": some(rng, 100, 1) if rng.random() < 0.3 else str(rng.randint(1, 30)), "price": some(rng, 10**4, 4)}
        terms["size"] = terms["size"] if Decimal(terms["size"]) else "7"
    else:
        bounds = sorted(rng.sample(range(1, 200), rng.randint(0, 3)))
        terms["tiers"] = [
            {"unit_price": some(rng, 10**5, 5), **({"up_to": str(up_to)} if up_to else {}),
             **({"flat": some(rng, 900, 2)} if rng.random() < 0.4 else {})}
            for up_to in (*bounds, 0)
        ]  # fmt: skip
    if model != "cost-plus" and rng.random() < 0.5:
        terms["included"] = some(rng, 90, rng.choice([0, 1]))
    if rng.random() < 0.4:
        terms["minimum"] = some(rng, 3000, 2)
    return terms


def random_item(rng: Random, kind: str, meter: str, month: Month, grouped: bool, proration: str) -> Item:
    """Mostly one version from long before; else further ones on days of the month, which may withdraw it."""
    days = [date(2020, 1, 1)]
    if rng.random() < 0.1:
        days = [month.first_day + timedelta(days=rng.randrange(10))]
    if rng.random() < 0.5:
        days += [month.first_day + timedelta(days=day) for day in sorted(rng.sample(range(10, 28), rng.randint(1, 2)))]
    if proration == "none":
        days = [day.replace(day=1) for day in days[:1]]
    split = grouped and rng.random() < 0.5
    versions: list[tuple[date, dict[str, Any] | None]] = []
    for day in days:
        terms = random_terms(rng, kind)
        if split and kind:
            terms["split"] = True
        versions.append((day, None if day != days[0] and rng.random() < 0.1 else terms))
    return Item(meter, versions)


def random_world(rng: Random, month: Month, currency: str) -> World:
    kinds = rng.sample(list(KINDS), rng.randint(1, 4))
    grouped = {kind: rng.random() < 0.5 for kind in kinds}
    plans = []
    for _ in range(rng.randint(1, 3)):
        proration = rng.choice(["day", "second", "day", "second", "none"])
        items = [random_item(rng, kind, kind, month, grouped[kind], proration) for kind in kinds if rng.random() < 0.97]
        items += [random_item(rng, "", "", month, False, proration) for _ in range(rng.randint(0, 2))]
        rng.shuffle(items)
        plans.append(reference.Plan(proration, items or [random_item(rng, "", "", month, False, proration)]))
    start, end = (int(moment.timestamp()) for moment in (month.start(PARIS), month.end(PARIS)))
    opened = rng.choice([start - 86_400 * 50, start - 86_400 * 50, rng.randrange(start, end, QUARTER), end + QUARTER])
    closed = rng.randrange(max(opened, start) + QUARTER, end + 86_400, QUARTER) if rng.random() < 0.3 and opened < end else None
    world = World(
        zone=PARIS,
        decimals=exponent(currency),
        meters={kind: (kind, KINDS[kind]) for kind in kinds},
        plans=plans,
        default=0 if rng.random() < 0.8 else None,
        subscriptions=[],
        opened=opened,
        closed=closed,
    )
    world.subscriptions = random_subscriptions(rng, world, month)
    world.events = random_events(rng, world, grouped, start, end)
    return world


def random_subscriptions(rng: Random, world: World, month: Month) -> list[reference.Subscription]:
    """Each on days of its own; by the second also on any quarter of an hour of them. Some follow at once, some leave a gap."""
    found: list[reference.Subscription] = []
    days = sorted(rng.sample(range(-20, month.last_day.day + 5), rng.randint(0, 3)))
    for place, day in enumerate(days):
        plan = rng.randrange(len(world.plans))
        by_second = world.plans[plan].proration == "second"

        def moment(day: int, *, exact: bool = by_second) -> int:
            midnight = world.midnight(month.first_day + timedelta(days=day))
            return midnight + (rng.randrange(0, 22 * 3600, QUARTER) if exact and rng.random() < 0.5 else 0)

        start, end = moment(day), None
        if found and found[-1].end is not None:
            start = max(start, found[-1].end) if by_second else start
        if place + 1 < len(days):
            last = days[place + 1]
            until = last if rng.random() < 0.6 else rng.randint(day + 1, last)
            end = moment(until, exact=by_second and until < last)
        elif rng.random() < 0.4:
            end = moment(day + rng.randint(1, 20))
        found.append(reference.Subscription(plan, start, end))
    return found


def random_events(rng: Random, world: World, grouped: dict[str, bool], start: int, end: int) -> list[Happened]:
    until = min(end, world.closed or end)
    events = []
    for kind in world.meters:
        for _ in range(rng.randint(0, 8)):
            since = start - (86_400 * 5 if kind == "hours" else 0)
            us = rng.randrange(since * 10**6, until * 10**6)
            if rng.random() < 0.3:
                us = us // 10**6 * 10**6
            quantity = Fraction(
                rng.randint(0, 3) if kind == "hours" else rng.randint(0, 120 * 10 ** KINDS[kind]), 10 ** KINDS[kind]
            )
            late = rng.random() < 0.3 and us >= start * 10**6
            group = rng.choice(["a", "b", ""]) if grouped[kind] else ""
            subject = rng.choice("xyz") if kind in ("unique", "hours") else ""
            events.append(Happened(kind, group, subject, Fraction(1) if kind == "unique" else quantity, us, late))
    return events


# --- the same world for the engine ---


def build(world: World, currency: str, rng: Random) -> Account:
    meters = {
        kind: make_meter(
            kind, aggregation=kind, scale=scale, group_by="region", subject="who" if kind in ("unique", "hours") else "",
            unit=currency if kind == "sum" else "unit",
        )
        for kind, (_kind, scale) in world.meters.items()
    }  # fmt: skip
    plans = []
    for number, plan in enumerate(world.plans):
        row = Plan.objects.create(
            code=f"p{number}", name_en="P", name_fr="P", currency=currency, proration=plan.proration,
            is_default=number == world.default,
        )  # fmt: skip
        plans.append(row)
        for position, item in enumerate(plan.items):
            for since, terms in item.versions:
                text = json.dumps(terms or {"model": "withdrawn"})
                Price.objects.create(
                    plan=row, code=f"i{position}", meter=meters.get(item.meter), valid_from=since, name_en="I", name_fr="I",
                    terms=Terms.from_json(text).to_json(), position=position,
                )  # fmt: skip
    account = make_account(created_at=at(world.opened))
    for one in world.subscriptions:
        on, until = world.day(one.start), None if one.end is None else world.day(one.end)
        Subscription.objects.create(
            account=account, plan=plans[one.plan], starts_on=on, ends_on=until,
            starts_at=at(one.start) if one.start != world.midnight(on) else None,
            ends_at=at(one.end) if one.end is not None and until and one.end != world.midnight(until) else None,
        )  # fmt: skip
    return account


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)


def take(world: World, account: Account, month: Month, *, late: bool, rng: Random) -> None:
    drafts = [
        make_draft(
            account=account, meter=event.meter, quantity=str(Decimal(event.quantity.numerator) / event.quantity.denominator),
            time=(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.us)).isoformat(),
            **({"region": event.group} if event.group else {}), **({"who": event.subject} if event.subject else {}),
        )
        for event in world.events
        if event.late is late
    ]  # fmt: skip
    rng.shuffle(drafts)
    half = len(drafts) // 2
    for batch in (drafts[:half], drafts[half:]):
        done = take_in(batch, now=month.end(PARIS) + timedelta(days=9))
        assert not done.rejected, done.rejected


def lines_of(outcome: ComputedBill | Stopped | None) -> list[tuple[str, str, str, int]] | str:
    if isinstance(outcome, Stopped):
        assert outcome.reason.startswith("has usage") or outcome.reason.startswith("has late usage"), outcome.reason
        return "stopped"
    return [(line.meter, line.quantity, line.unit_price, line.net_minor) for line in outcome.lines] if outcome else []


def shown(lines: list[reference.Line]) -> list[tuple[str, str, str, int]]:
    def text(value: Fraction) -> str:
        digits = Decimal(value.numerator) / Decimal(value.denominator)
        return format(digits.normalize(), "f")

    return [(line.meter, text(line.quantity), text(line.price), line.net) for line in lines]


def expected(world: World, month: Month) -> list[tuple[str, str, str, int]] | str:
    try:
        return shown(reference.bill(world, month.year, month.month))
    except Refused:
        return "stopped"


def compare(rng: Random, month: Month, currency: str) -> str:
    """Bill the month, take in what comes late, bill the next; what became of it, for counting."""
    world = random_world(rng, month, currency)
    account = build(world, currency, rng)
    take(world, account, month, late=False, rng=rng)
    if world.closed is not None:
        account.closed_at = at(world.closed)
        account.save()
    found = lines_of(running_bill(account=account, month=month, operator=operator()))
    assert found == expected(world, month), world
    if found == "stopped" or not any(event.late for event in world.events):
        return "stopped" if found == "stopped" else "on time"
    close_month(month)
    Account.objects.update(closed_at=None)  # only to take in what was on its way
    take(world, account, month, late=True, rng=rng)
    later = running_bill(account=account, month=month.next(), operator=operator())
    try:
        wanted = reference.late(world, month.year, month.month)
    except Refused:
        assert lines_of(later) == "stopped", world
        return "stopped"
    if isinstance(later, Stopped):
        return "stopped"
    late = [line for line in later.lines if line.text.startswith("Late usage")] if later else []
    assert [(line.meter, line.net_minor) for line in late] == wanted, world
    return "late"


class TheEngineAgainstTheReference(TestCase):
    # Without shrinking, which takes minutes here: the world that differs is shown whole.
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate))
    @given(
        rng=st.randoms(use_true_random=False),
        month=st.sampled_from(MONTHS),
        currency=st.sampled_from(["EUR", "JPY", "TND"]),
    )
    def test_every_line_is_what_the_slow_way_comes_to(self, rng: Random, month: Month, currency: str) -> None:
        event(compare(rng, month, currency))

    def test_a_broken_engine_is_seen(self) -> None:
        """Midnights of UTC instead of the operator's, and what is included not cut: each is found within a few worlds."""

        def first_difference() -> int | None:
            for seed in range(40):
                rng = Random(seed)
                try:
                    with transaction.atomic():
                        compare(rng, rng.choice(MONTHS), "EUR")
                        transaction.set_rollback(True)
                except AssertionError:
                    return seed
            return None

        def utc(day: date, zone: ZoneInfo) -> int:
            return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())

        with patch.dict(stays._RULERS, {"second": utc}):
            assert first_difference() is not None
        with patch.object(prorate._Cut, "quantity", lambda cut, value: value):
            assert first_difference() is not None
