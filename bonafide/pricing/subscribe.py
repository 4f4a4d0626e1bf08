"""Put an account on a plan from one day to another, without touching what closed months were billed by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from bonafide.accounts.models import Account
from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.models import Plan, Subscription


class SubscriptionRefused(Refused):
    """A subscription that overlaps another one, runs backwards, or would change a closed month."""


@dataclass(frozen=True)
class _Stay:
    """A plan from one day to another, half-open; no end means still."""

    plan_id: int
    starts_on: date
    ends_on: date | None

    def overlaps(self, starts_on: date, ends_on: date | None) -> bool:
        return (ends_on is None or self.starts_on < ends_on) and (self.ends_on is None or starts_on < self.ends_on)


def subscribe(
    *,
    account: Account,
    plan: Plan,
    starts_on: date,
    ends_on: date | None = None,
    replacing: Subscription | None = None,
) -> Subscription:
    """Subscribe ``account`` to ``plan``, or change the subscription ``replacing``.

    A month is billed by the latest subscription that overlaps it, so a plan that starts within a month prices all of it.

    :param ends_on: the first day without the plan; none for as long as nobody ends it.
    :raises SubscriptionRefused: naming the dates and the remedy.
    """
    if ends_on is not None and ends_on <= starts_on:
        raise SubscriptionRefused(f"subscription from {starts_on} to {ends_on}: expected an end after the start")
    with transaction.atomic():
        closed = () if account.is_test else hold_closed_months()  # no month of a test account was ever billed
        Account.objects.select_for_update().get(pk=account.pk)
        rows = list(account.subscriptions.select_related("plan").order_by("starts_on"))
        others = [row for row in rows if replacing is None or row.pk != replacing.pk]
        new = _Stay(plan.pk, starts_on, ends_on)
        for other in others:
            if new.overlaps(other.starts_on, other.ends_on):
                raise SubscriptionRefused(
                    f"{account} is on plan {other.plan.code} from {other.starts_on} to {other.ends_on or 'no end'}: "
                    f"end that one on {starts_on} or earlier first"
                )
        before, after = _stays(rows), [*_stays(others), new]
        for month in closed:
            if _plan_in(month, before) != _plan_in(month, after):
                raise SubscriptionRefused(
                    f"month {month} is closed and {account} was billed for it on another plan: "
                    f"let the change begin on {closed[-1].next().first_day} or later"
                )
        values = {"account": account, "plan": plan, "starts_on": starts_on, "ends_on": ends_on}
        saved, _made = Subscription.objects.update_or_create(pk=replacing.pk if replacing else None, defaults=values)
        return saved


def _stays(rows: Iterable[Subscription]) -> list[_Stay]:
    return [_Stay(row.plan_id, row.starts_on, row.ends_on) for row in rows]


def _plan_in(month: Month, stays: Iterable[_Stay]) -> int | None:
    """The plan of the latest stay that overlaps the month, as the price book chooses it."""
    overlapping = [stay for stay in stays if stay.overlaps(month.first_day, month.next().first_day)]
    return max(overlapping, key=lambda stay: stay.starts_on).plan_id if overlapping else None
