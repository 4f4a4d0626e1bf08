"""A customer wants a card or a mandate saved: Stripe's page asks for it, so that nothing of a card number ever comes here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from bonafide.accounts.models import Account, User
from bonafide.operator import Operator
from bonafide.outgoing.words import SAVE_METHOD, Field
from bonafide.payments.stripe.client import asking, client, ours, plainly
from bonafide.payments.stripe.customers import customer_of
from bonafide.payments.stripe.models import Attempt, AttemptState


def save_method(
    *,
    account: Account,
    by: User | None,
    language: str,
    operator: Operator,
    now: datetime,
    hold: Callable[[], None] | None = None,
) -> Attempt:
    """Begin to save a means of payment; the attempt's ``url`` is the page of Stripe's to which the person goes on.

    Saved methods may be charged while the customer is away: a Checkout Session in setup mode makes a setup intent whose ``usage``
    is ``off_session``, for which the bank authenticates the person now (PSD2, Reg. (EU) 2018/389). Call it
    outside of transactions.

    :param hold: is called in the transaction that writes the attempt down: whoever asks for it may not any more.
    :raises StripeOff:
    :raises StripeRefused, StripeUnanswered: (``client.plainly``); the attempt is then given up.
    """
    asks = client()
    with transaction.atomic():
        if hold:
            hold()
        attempt = Attempt.objects.create(
            way=Attempt.Way.SAVE,
            account=account,
            currency=operator.billing.currency,
            amount_minor=0,
            begun_by=by,
            begun_at=now,
            moved_at=now,
        )
    params = _session(attempt, language, operator)
    try:
        with plainly():
            params["customer"] = customer_of(account, now).stripe_id
            with asking(account_id=account.pk, fields=(Field.LANGUAGE,), occasion=SAVE_METHOD, now=now) as passage:
                passage.left = True
                session = ours(asks.v1.checkout.sessions.create(params, {"idempotency_key": str(attempt.key)}))
    except Exception:
        Attempt.objects.filter(pk=attempt.pk, state=AttemptState.WRITTEN).update(state=AttemptState.CANCELLED, moved_at=now)
        raise
    with transaction.atomic():
        row = Attempt.objects.select_for_update().get(pk=attempt.pk)
        if row.state == AttemptState.WRITTEN:
            row.session_id, row.intent_id, row.url = session.id, _id(session.setup_intent), session.url or ""
            row.state, row.moved_at = AttemptState.OPEN, now
            row.save(update_fields=["session_id", "intent_id", "url", "state", "moved_at"])
    return row


def _session(attempt: Attempt, language: str, operator: Operator) -> Any:
    console = operator.service.console_url
    methods = [kind for kind in operator.stripe.methods if kind != "sepa_debit" or attempt.currency == "EUR"]
    mark = {"attempt": str(attempt.key)}
    back = console + reverse("method_saved", args=[attempt.key])
    return {
        "mode": "setup",
        "payment_method_types": methods or ["card"],
        "client_reference_id": str(attempt.key),
        "metadata": mark,
        "setup_intent_data": {"metadata": mark},
        "locale": language if language in dict(settings.LANGUAGES) else "auto",
        "success_url": back,
        "cancel_url": back,
    }


def _id(thing: Any) -> str | None:
    return thing if not thing or isinstance(thing, str) else str(thing.id)
