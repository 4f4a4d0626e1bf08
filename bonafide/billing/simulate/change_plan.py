"""Put a test account on another plan from a day on."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from bonafide.accounts.models import Account
from bonafide.pricing.models import Plan
from bonafide.pricing.subscribe import subscribe


@transaction.atomic
def change_plan(*, account: Account, plan: Plan, starts_on: date) -> None:
    """The plan that it is on without end ends that day.

    :raises bonafide.pricing.subscribe.SubscriptionRefused: as for any account.
    """
    for now in account.subscriptions.filter(ends_on=None, starts_on__lt=starts_on).select_related("plan"):
        subscribe(account=account, plan=now.plan, starts_on=now.starts_on, ends_on=starts_on, replacing=now)
    subscribe(account=account, plan=plan, starts_on=starts_on)
