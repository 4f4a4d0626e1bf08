"""An account as Stripe knows it. (Thin.)"""

from __future__ import annotations

from datetime import datetime

from bonafide.accounts.models import Account
from bonafide.outgoing.words import Field
from bonafide.payments.stripe.client import asking, client
from bonafide.payments.stripe.models import Customer


def customer_of(account: Account, now: datetime) -> Customer:
    """The account's customer at Stripe, made there when there is none."""
    there = Customer.objects.filter(account=account).first()
    if there:
        return there
    with asking(account_id=account.pk, fields=(Field.EMAIL,), occasion="payment", now=now):
        made = client().v1.customers.create({"name": account.name}, {"idempotency_key": f"customer {account.pk}"})
    return Customer.objects.get_or_create(account=account, defaults={"stripe_id": made.id, "made_at": now})[0]
