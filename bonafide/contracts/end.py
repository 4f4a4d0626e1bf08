"""A contract ends: its plan with it, on the day after its last."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from bonafide.contracts.models import Contract
from bonafide.pricing.models import Subscription
from bonafide.pricing.subscribe import SubscriptionRefused, subscribe


def end_contract(*, contract: Contract, last_on: date, withdrawn_at: datetime | None = None) -> None:
    """End ``contract`` with ``last_on``; one that ends earlier already is left as it is, but for a withdrawal.

    Call it inside a transaction.

    :raises SubscriptionRefused: when its months were billed otherwise already.
    """
    if contract.last_on is not None and contract.last_on <= last_on and withdrawn_at is None:
        return
    subscription = contract.subscription
    if subscription is not None:
        subscription = end_subscription(subscription=subscription, last_on=last_on)
    contract.end(last_on=last_on, subscription=subscription, withdrawn_at=withdrawn_at)


def end_contracts_of(*, account_id: int, last_on: date) -> None:
    """The account is erased: whatever still runs ends with ``last_on``, so that its ten years begin. Call it in a transaction."""
    for contract in Contract.objects.filter(account=account_id, last_on=None).select_related("subscription__plan"):
        try:
            with transaction.atomic():
                end_contract(contract=contract, last_on=last_on)
        except SubscriptionRefused:  # its months were billed: nobody is billed any more
            contract.end(last_on=last_on, subscription=contract.subscription)


def end_subscription(*, subscription: Subscription, last_on: date) -> Subscription | None:
    """The plan's last day is ``last_on``. One that would begin only later never does: its row goes, and None is left.

    :raises SubscriptionRefused: when its months were billed otherwise already.
    """
    ends_on = last_on + timedelta(days=1)
    if subscription.ends_on is not None and subscription.ends_on <= ends_on:
        return subscription
    if ends_on <= subscription.starts_on:
        subscription.delete()
        return None
    return subscribe(
        account=subscription.account,
        plan=subscription.plan,
        starts_on=subscription.starts_on,
        ends_on=ends_on,
        zone=settings.OPERATOR.zone,
        replacing=subscription,
    )
