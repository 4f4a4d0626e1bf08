"""An account becomes a customer at Stripe, when it first pays or saves a means of payment; who it is there is kept."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from bonafide.accounts.models import Account
from bonafide.outgoing.words import STRIPE_PAYMENT, Field
from bonafide.payments.stripe.client import asking, client, ours, refuse_other_account
from bonafide.payments.stripe.models import Customer


def customer_of(account: Account, now: datetime) -> Customer:
    """The account's customer at Stripe, made there when there is none: its name, its address for bills, our reference.

    Two who ask at once get the same one: the idempotency key follows from what is sent. Call it outside of transactions.

    :raises StripeOff:
    :raises stripe.StripeError: see ``client.plainly``.
    """
    there = Customer.objects.filter(account=account).first()
    if there:
        return there
    refuse_other_account()
    params: Any = {"name": account.name, "metadata": {"account": account.reference}, "preferred_locales": [account.language]}
    if account.billing_email:
        params["email"] = account.billing_email
    fields = (Field.NAME, Field.EMAIL, Field.LANGUAGE) if account.billing_email else (Field.NAME, Field.LANGUAGE)
    with asking(account_id=account.pk, fields=fields, occasion=STRIPE_PAYMENT, now=now) as passage:
        passage.left = True
        made = ours(client().v1.customers.create(params, {"idempotency_key": _key(account, params)}))
    return Customer.objects.get_or_create(account=account, defaults={"stripe_id": made.id, "made_at": now})[0]


def _key(account: Account, params: dict[str, Any]) -> str:
    """The same for the same account and words, so that asking again after a lost answer makes no second customer."""
    told = "\0".join(["customer", str(account.pk), *(str(params[name]) for name in sorted(params))])
    return hashlib.sha256(told.encode()).hexdigest()
