"""What is saved at Stripe is brought up to here: looked at anew, then the rows under a lock; asked twice, it changes nothing.

``follow_*`` are called by what Stripe tells (``follow.py``) and by pages to which people come back. Rows only go on: what was
removed is never there again, since Stripe's own id of it is used up with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import stripe
from django.db import transaction

from bonafide.accounts.models import Account
from bonafide.operator import Operator
from bonafide.payments.stripe.auto import end_in_transaction
from bonafide.payments.stripe.charge.paid import as_key
from bonafide.payments.stripe.client import client, reading
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState, AutoPay, Customer, Method

WHOLE = {"expand": ["payment_method", "mandate"]}


def follow_setup(*, stripe_id: str, operator: Operator, now: datetime) -> str:
    """Bring the attempt to save, and what it saved, up to the setup intent.

    :return: what came of it, in a word: "saved", "open", "given up"; "unknown" where it is none of ours.
    :raises stripe.StripeError: when Stripe does not answer.
    """
    with reading():
        intent = client().v1.setup_intents.retrieve(stripe_id, WHOLE)  # type: ignore[arg-type]
    attempt = _attempt_of(intent)
    if attempt is None:
        return "unknown"
    over = intent.status == "canceled" or (intent.status != "succeeded" and _page_is_over(attempt))
    with transaction.atomic():
        row = Attempt.objects.select_for_update(of=("self",)).select_related("account").get(pk=attempt.pk)
        method = row.method
        if intent.status == "succeeded" and row.state != AttemptState.SUCCEEDED:
            mandate = getattr(intent, "mandate", None)
            method = _keep(intent.payment_method, mandate, row.account, row.begun_by_id, now)
            _ended(row, AttemptState.SUCCEEDED, now, intent_id=intent.id, method=method)
        elif over and row.state not in ENDED:
            _ended(row, AttemptState.CANCELLED, now, intent_id=intent.id)
    return {AttemptState.SUCCEEDED: "saved", AttemptState.CANCELLED: "given up"}.get(AttemptState(row.state), "open")


def follow_method(*, stripe_id: str, operator: Operator, now: datetime) -> str:
    """Bring a saved means of payment up to what it is at Stripe: a card renewed by its bank, or one that was taken away.

    :return: "saved", "removed" or "unknown".
    :raises stripe.StripeError: when Stripe does not answer.
    """
    there = Method.objects.filter(stripe_id=stripe_id).first()
    try:
        with reading():
            found = client().v1.payment_methods.retrieve(stripe_id)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        found = None
    if found is None or not found.customer:
        return _gone(there, operator, now)
    owner = Customer.objects.filter(stripe_id=_id(found.customer)).select_related("account").first()
    if owner is None:
        return "unknown"
    if there is None:
        return "unknown"  # paying by it, or saving it, is not over: what ends that brings the row
    with transaction.atomic():
        _keep(found, None, owner.account, None, now)
    return "saved"


def follow_mandate(*, stripe_id: str, operator: Operator, now: datetime) -> str:
    """A mandate that is no longer in force takes its means of payment with it: nothing may be debited by it.

    :raises stripe.StripeError: when Stripe does not answer.
    """
    with reading():
        mandate = client().v1.mandates.retrieve(stripe_id)
    there = Method.objects.filter(stripe_id=_id(mandate.payment_method)).first()
    if mandate.status != "inactive":
        return "saved" if there else "unknown"
    return _gone(there, operator, now)


def mark_removed(*, method: Method, operator: Operator, now: datetime, by: Any = None) -> None:
    """Note that it is not there any more; automatic payment by it ends, and another one becomes the first."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=method.account_id)
        row = Method.objects.select_for_update(no_key=True).get(pk=method.pk)
        if row.removed_at is not None:
            return
        chosen = AutoPay.objects.select_for_update(no_key=True).filter(method=row, ended_at=None).first()
        if chosen:
            end_in_transaction(auto_pay=chosen, by=by, operator=operator, now=now)
        row.removed_at, row.is_default = now, False
        row.save(update_fields=["removed_at", "is_default"])
        following = Method.objects.filter(account=row.account_id, removed_at=None).order_by("-pk").first()
        if following and not Method.objects.filter(account=row.account_id, removed_at=None, is_default=True).exists():
            Method.objects.filter(pk=following.pk).update(is_default=True)


def _gone(there: Method | None, operator: Operator, now: datetime) -> str:
    if there is None:
        return "unknown"
    mark_removed(method=there, operator=operator, now=now)
    return "removed"


def _attempt_of(intent: Any) -> Attempt | None:
    """By the intent's id, or by the key that it was asked with."""
    saving = Attempt.objects.filter(way=Attempt.Way.SAVE)
    key = as_key(getattr(intent.metadata, "attempt", ""))
    return saving.filter(intent_id=intent.id).first() or (saving.filter(key=key).first() if key else None)


def _page_is_over(attempt: Attempt) -> bool:
    """Whether the page on which it was to be saved has expired."""
    if not attempt.session_id or attempt.state in ENDED:
        return False
    with reading():
        return bool(client().v1.checkout.sessions.retrieve(attempt.session_id).status == "expired")


def _ended(row: Attempt, state: AttemptState, now: datetime, **values: Any) -> None:
    row.state, row.url, row.moved_at = state, "", now
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["state", "url", "moved_at", *values])


def _keep(found: Any, mandate: Any, account: Account, by: int | None, now: datetime) -> Method:
    """The row of a payment method, made or brought up to date; the account's first one is used first."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    card, debit = getattr(found, "card", None), getattr(found, "sepa_debit", None)
    values: dict[str, Any] = {"kind": found.type, "last4": getattr(card or debit, "last4", "") or ""}
    if card:
        values |= {"brand": card.brand or "", "expires": card.exp_year * 100 + card.exp_month}
    if mandate and debit:
        values["mandate"] = mandate.payment_method_details.sepa_debit.reference
    row, made = Method.objects.get_or_create(
        stripe_id=found.id, defaults={"account": account, "saved_by_id": by, "saved_at": now, **values}
    )
    if not made and row.removed_at is None:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
    standing = Method.objects.filter(account=account, removed_at=None)
    if row.removed_at is None and not standing.filter(is_default=True).exists():
        row.is_default = True
        row.save(update_fields=["is_default"])
    return row


def _id(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(thing.id)
