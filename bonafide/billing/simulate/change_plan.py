"""Put a test account on a plan from a day on, whether it is on one already or not."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from bonafide.accounts.models import Account
from bonafide.pricing import subscribe as pricing
from bonafide.pricing.models import Plan


def change_plan(*, account: Account, plan: Plan, starts_on: date) -> None:
    """The plan that it is on by then ends that day.

    :raises bonafide.pricing.subscribe.SubscriptionRefused: as for any account.
    """
    zone = settings.OPERATOR.zone
    if account.subscriptions.filter(ends_on=None, starts_on__lt=starts_on).exists():
        pricing.change_plan(account=account, plan=plan, starts_on=starts_on, zone=zone)
    else:
        pricing.subscribe(account=account, plan=plan, starts_on=starts_on, zone=zone)
