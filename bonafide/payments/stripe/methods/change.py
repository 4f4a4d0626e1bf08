"""Which saved means of payment is used first, and taking one away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from bonafide.accounts.models import Account, User
from bonafide.operator import Operator
from bonafide.payments.stripe.auto import end_auto_pay
from bonafide.payments.stripe.client import StripeRefused, client, plainly, reading
from bonafide.payments.stripe.models import AutoPay, Method
from bonafide.payments.stripe.saved import mark_removed
from bonafide.periods import Month


def soon_over(*, method: Method, month: Month) -> bool:
    """Whether a card holds to the end of this month or the next at most, or held no longer than the last."""
    return method.expires is not None and method.expires <= month.next().key


def make_default(*, method: Method) -> None:
    """Have it used first, from the next time that one is chosen; automatic payment goes on with what was agreed to."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=method.account_id)
        standing = Method.objects.filter(account=method.account_id, removed_at=None)
        if standing.filter(pk=method.pk).exists():
            standing.filter(is_default=True).exclude(pk=method.pk).update(is_default=False)
            standing.filter(pk=method.pk).update(is_default=True)


def remove_method(
    *, method: Method, by: User | None, operator: Operator, now: datetime, hold: Callable[[], None] | None = None
) -> None:
    """Take it away at Stripe, and end automatic payment by it first: whatever Stripe answers, nothing is charged by it any more.

    One that is gone there already is gone. Call it outside of transactions.

    :param hold: is called in the transaction that ends it: whoever asks for it may not any more.
    :raises StripeRefused, StripeUnanswered: (``client.plainly``); the means of payment is then still shown.
    """
    with transaction.atomic():
        if hold:
            hold()
        if AutoPay.objects.filter(method=method, ended_at=None).exists():
            end_auto_pay(account=method.account, by=by, operator=operator, now=now)
    try:
        with plainly(), reading():
            client().v1.payment_methods.detach(method.stripe_id)
    except StripeRefused:
        with plainly(), reading():
            found = client().v1.payment_methods.retrieve(method.stripe_id)
        if found.customer:
            raise
    mark_removed(method=method, operator=operator, now=now, by=by)
