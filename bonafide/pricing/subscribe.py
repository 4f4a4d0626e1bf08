"""Put an account on a plan from one moment to another, without touching what closed months were billed by."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from bonafide.accounts.models import Account
from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.models import Plan, Subscription
from bonafide.pricing.stays import Stay, Subscribed, midnight, stays_in


class SubscriptionRefused(Refused):
    """A subscription that overlaps another one, runs backwards, mixes currencies in a month, or would change a closed month."""


def subscribe(
    *,
    account: Account,
    plan: Plan,
    starts_on: date,
    zone: ZoneInfo,
    ends_on: date | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    replacing: Subscription | None = None,
) -> Subscription:
    """Subscribe ``account`` to ``plan``, or change the subscription ``replacing``.

    What part of a month on the plan owes is the plan's own proration, see :mod:`bonafide.pricing.stays`.

    :param ends_on: the first day without the plan; none for as long as nobody ends it.
    :param starts_at: the instant within ``starts_on``, where a plan is prorated by the second; midnight when None.
    :param ends_at: the instant within ``ends_on``, likewise.
    :param zone: the operator's, in which days begin.
    :raises SubscriptionRefused: naming the dates and the remedy.
    """
    new = Subscribed(plan.pk, starts_on, ends_on, starts_at, ends_at)
    (saved,) = _write(account, [_Step(replacing, plan, new)], zone)
    return saved


def end_subscription(*, account: Account, ends_on: date, zone: ZoneInfo, ends_at: datetime | None = None) -> Subscription:
    """End the subscription that the account is on at that time; from then on it is on the default plan, if there is one.

    :raises SubscriptionRefused: when there is none to end, or as :func:`subscribe`.
    """
    running = _running(account, ends_on, ends_at, zone)
    if running is None:
        raise SubscriptionRefused(f"{account} has no subscription on {ends_on} that could end: see 'bonafide subscriptions list'")
    (saved,) = _write(account, [_Step(running, running.plan, _ended(running, ends_on, ends_at))], zone)
    return saved


def change_plan(
    *, account: Account, plan: Plan, starts_on: date, zone: ZoneInfo, starts_at: datetime | None = None
) -> Subscription:
    """Let the plan that the account is on end and this one begin at the same moment; both are done, or neither.

    The new one ends when the one before would have ended, if it would.

    :raises SubscriptionRefused: when it is on no plan by subscription, or on this one already; else as :func:`subscribe`.
    """
    running = _running(account, starts_on, starts_at, zone)
    if running is None:
        raise SubscriptionRefused(
            f"{account} has no subscription before {starts_on} to change from: start one with 'bonafide subscriptions start'"
        )
    if running.plan_id == plan.pk:
        raise SubscriptionRefused(f"{account} is on plan {plan.code} already, since {running.starts_on}: nothing to change")
    cut = _ended(running, starts_on, starts_at)  # refused below when its plan knows days only: there would be a gap of hours
    by_second = plan.proration == Plan.Proration.SECOND
    new = Subscribed(plan.pk, starts_on, running.ends_on, starts_at, running.ends_at if by_second else None)
    _before, saved = _write(account, [_Step(running, running.plan, cut), _Step(None, plan, new)], zone)
    return saved


class _Step(NamedTuple):
    """A row to be written: in place of ``row``, or a new one."""

    row: Subscription | None
    plan: Plan
    to: Subscribed


def _write(account: Account, steps: Sequence[_Step], zone: ZoneInfo) -> list[Subscription]:
    """All steps or none; what comes out is judged, not what is there between two of them."""
    for step in steps:
        _check(step.to, step.plan, zone)
    with transaction.atomic():
        closed = () if account.is_test else hold_closed_months()  # no month of a test account was ever billed
        Account.objects.select_for_update().get(pk=account.pk)
        rows = list(account.subscriptions.select_related("plan").order_by("starts_on"))
        replaced = {step.row.pk for step in steps if step.row}
        others = [row for row in rows if row.pk not in replaced]
        for step in steps:
            _refuse_two_at_a_time(account, step.to, others, zone)
        calendar = _Calendar(account, zone)
        after = sorted([*map(subscribed, others), *(step.to for step in steps)], key=lambda one: one.starts_on)
        calendar.refuse_closed([subscribed(row) for row in rows], after, closed)
        calendar.refuse_two_currencies(after, [step.to for step in steps], closed)
        return [_saved(account, step) for step in steps]


def _saved(account: Account, step: _Step) -> Subscription:
    values = {"account": account, **dataclasses.asdict(step.to)}
    row, _made = Subscription.objects.update_or_create(pk=step.row.pk if step.row else None, defaults=values)
    return row


def subscribed(row: Subscription) -> Subscribed:
    """A row as the calculation takes it."""
    return Subscribed(row.plan_id, row.starts_on, row.ends_on, row.starts_at, row.ends_at)


def _ended(row: Subscription, ends_on: date, ends_at: datetime | None) -> Subscribed:
    return Subscribed(row.plan_id, row.starts_on, ends_on, row.starts_at, ends_at)


def _running(account: Account, starts_on: date, starts_at: datetime | None, zone: ZoneInfo) -> Subscription | None:
    """The subscription in which the moment lies, or that lasts up to it."""
    moment = starts_at or midnight(starts_on, zone)
    for row in account.subscriptions.select_related("plan", "account").order_by("starts_on"):
        one = subscribed(row)
        end = one.end(zone)
        if one.start(zone) < moment and (end is None or end > moment):
            return row
    return None


def _check(new: Subscribed, plan: Plan, zone: ZoneInfo) -> None:
    """What a subscription has to be in itself."""
    if new.ends_on is not None and new.ends_on <= new.starts_on:
        raise SubscriptionRefused(f"subscription from {new.starts_on} to {new.ends_on}: expected an end on a later day")
    for day, instant in ((new.starts_on, new.starts_at), (new.ends_on, new.ends_at)):
        if instant is None:
            continue
        if plan.proration != Plan.Proration.SECOND:
            raise SubscriptionRefused(
                f'plan {plan.code} is not prorated by the second, but by "{plan.proration}": give days, not instants'
            )
        if instant.microsecond or instant.astimezone(zone).date() != day:
            raise SubscriptionRefused(f"instant {instant.isoformat()}: expected whole seconds, on {day} in {zone.key}")


def _refuse_two_at_a_time(account: Account, new: Subscribed, others: Iterable[Subscription], zone: ZoneInfo) -> None:
    end = new.end(zone)
    for row in others:
        other = subscribed(row)
        until = other.end(zone)
        if (end is None or other.start(zone) < end) and (until is None or new.start(zone) < until):
            raise SubscriptionRefused(
                f"{account} is on plan {row.plan.code} from {row.starts_on} to {row.ends_on or 'no end'}: "
                f"end that one on {new.starts_on} or earlier first, or change its plan"
            )
        if row.starts_on == new.starts_on:
            raise SubscriptionRefused(
                f"{account} has a subscription that begins on {row.starts_on}: one a day, let this begin later"
            )


class _Calendar:
    """The stays of one account in any month, as bills are made by them."""

    def __init__(self, account: Account, zone: ZoneInfo) -> None:
        self.account, self.zone = account, zone
        self.plans = {plan.pk: plan for plan in Plan.objects.all()}
        self.default = next((pk for pk, plan in self.plans.items() if plan.is_default), None)

    def stays(self, month: Month, subscriptions: Sequence[Subscribed]) -> tuple[Stay, ...]:
        return stays_in(
            month=month,
            zone=self.zone,
            subscriptions=subscriptions,
            default=self.default,
            proration={pk: plan.proration_in(month) for pk, plan in self.plans.items()},
            opened=self.account.created_at,
            closed=self.account.closed_at,
        )

    def refuse_closed(self, before: Sequence[Subscribed], after: Sequence[Subscribed], closed: Sequence[Month]) -> None:
        for month in closed:
            if self.stays(month, before) != self.stays(month, after):
                raise SubscriptionRefused(
                    f"month {month} is closed and {self.account} was billed for it on another plan: "
                    f"let the change begin on {closed[-1].next().first_day} or later"
                )

    def refuse_two_currencies(self, after: Sequence[Subscribed], new: Sequence[Subscribed], closed: Collection[Month]) -> None:
        """A bill is in one currency, so another one begins with a month."""
        days = [day for one in new for day in (one.starts_on, one.ends_on) if day]
        for month in sorted({Month(day.year, day.month) for day in days} - set(closed)):
            plans = [self.plans[stay.plan_id] for stay in self.stays(month, after)]
            for one, following in pairwise(plans):
                if one.currency != following.currency:
                    raise SubscriptionRefused(
                        f"plan {following.code} is in {following.currency} and {self.account} is on {one.code} in {one.currency} "
                        f"within {month}: let the change begin on the first of a month, such as {month.next().first_day}"
                    )
