"""A customer presses "pay": the attempt is written down first, and then Stripe is asked for a page, with the attempt's key.

Pressing again, a lost answer or two at once lead to the same page. One attempt of a bill is under way at most: another amount
ends the one before at Stripe first, and what comes out of that counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from bonafide.accounts.models import User
from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.amend.rectify import stands_for
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.outgoing.words import STRIPE_PAYMENT, Field
from bonafide.payments.stripe.amounts import at_stripe
from bonafide.payments.stripe.client import (
    StripeRefused,
    StripeUnanswered,
    asking,
    client,
    ours,
    plainly,
    reading,
)
from bonafide.payments.stripe.customers import customer_of
from bonafide.payments.stripe.follow import follow_attempt
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState
from bonafide.payments.stripe.move_session import session_moved

UNDER_WAY = [AttemptState.WRITTEN, AttemptState.OPEN, AttemptState.PROCESSING]
# An attempt whose answer was lost is asked for again with its key so long; later Stripe has its page, or it is given up. Nobody
# was shown a page that was lost, so none can be paid, and a key that Stripe has forgotten (after 24 hours) is never used.
ASKED_AGAIN = timedelta(minutes=10)
_ROUNDS = 4


class NothingOpen(Refused):
    """Nothing is left to pay of the bill, or it cannot be paid by Stripe."""


class OnItsWay(Refused):
    """A payment of the bill is on its way: a second one would pay twice."""


def begin(
    *,
    invoice: Invoice,
    by: User,
    operator: Operator,
    now: datetime,
    hold: Callable[[], None] = lambda: None,
) -> Attempt:
    """An attempt to pay what is open of a bill, with the ``url`` of Stripe's page. Call it outside of transactions.

    :param hold: called in the transaction that writes the attempt: who asks may still do so.
    :raises NothingOpen:
    :raises OnItsWay:
    :raises StripeRefused:
    :raises StripeUnanswered: press again; the same attempt goes on.
    :raises StripeOff:
    """
    client()
    bill = stands_for(invoice=invoice)
    for _round in range(_ROUNDS):
        attempt = _under_way(bill) or _written(bill, by, now, hold)
        if attempt is None:
            continue  # somebody else was faster
        if attempt.state == AttemptState.PROCESSING:
            raise OnItsWay(_("A payment of this bill is on its way already."))
        if not _fits(attempt, bill, now):
            end_attempt(attempt=attempt, operator=operator, now=now)
        elif attempt.state == AttemptState.WRITTEN:
            if attempt.begun_at == now or look_up(attempt=attempt, operator=operator, now=now).state == AttemptState.WRITTEN:
                return ask(attempt=attempt, operator=operator, now=now)
        elif follow_attempt(attempt=attempt, operator=operator, now=now).state == AttemptState.OPEN and attempt.url:
            return attempt
    raise StripeUnanswered(_("Another payment of this bill is being prepared: please try again in a moment."))


def under_way(*, invoice: Invoice) -> Attempt | None:
    """The attempt to pay this bill, or the one in its place, that is not over."""
    return _under_way(stands_for(invoice=invoice))


def ask(*, attempt: Attempt, operator: Operator, now: datetime) -> Attempt:
    """Ask Stripe for the page of an attempt that was written down; asked again, it is the same page.

    :raises StripeRefused: the attempt is over then.
    :raises StripeUnanswered:
    """
    attempt = Attempt.objects.select_related("account", "invoice", "begun_by").get(pk=attempt.pk)
    try:
        with plainly():
            customer = customer_of(attempt.account, now)
            params = page_of(attempt=attempt, customer=customer.stripe_id, operator=operator)
            fields = (Field.BILL, Field.LANGUAGE)
            with asking(account_id=attempt.account_id, fields=fields, occasion=STRIPE_PAYMENT, now=now) as passage:
                passage.left = True
                session = ours(client().v1.checkout.sessions.create(params, {"idempotency_key": str(attempt.key)}))
    except StripeRefused as refusal:
        _over(attempt, AttemptState.FAILED, refusal.code, now)
        raise
    return session_moved(attempt_id=attempt.pk, session=session, now=now)


def end_attempt(*, attempt: Attempt, operator: Operator, now: datetime) -> Attempt:
    """Have Stripe take an attempt back, and follow what came of it: it may have been paid meanwhile.

    :raises StripeUnanswered: also for an automatic one of which Stripe is just being asked.
    """
    if attempt.state == AttemptState.WRITTEN:
        if attempt.way == Attempt.Way.AUTO:
            raise OnItsWay(_("This bill is being paid automatically just now."))
        look_up(attempt=attempt, operator=operator, now=now, give_up=True)
    if attempt.state != AttemptState.OPEN:
        return attempt
    try:
        with plainly(), reading():
            if attempt.session_id:
                client().v1.checkout.sessions.expire(attempt.session_id)
            elif attempt.intent_id:
                client().v1.payment_intents.cancel(attempt.intent_id, {"cancellation_reason": "abandoned"})
    except StripeRefused:
        pass  # it is over there already, or was paid: what it is counts
    return follow_attempt(attempt=attempt, operator=operator, now=now)


def look_up(*, attempt: Attempt, operator: Operator, now: datetime, give_up: bool = False) -> Attempt:
    """Find the page of an attempt whose answer was lost among those of its customer.

    :param give_up: end the attempt where Stripe knows of none.
    """
    with plainly():
        customer = customer_of(attempt.account, now)
        with reading():
            since = {"gte": int((attempt.begun_at - timedelta(minutes=10)).timestamp())}
            params: Any = {"customer": customer.stripe_id, "created": since, "limit": 100}
            pages = client().v1.checkout.sessions.list(params).auto_paging_iter()
            found = next((page for page in pages if getattr(page.metadata, "attempt", "") == str(attempt.key)), None)
    if found is not None:
        session_moved(attempt_id=attempt.pk, session=ours(found), now=now)
        attempt.refresh_from_db()
        return follow_attempt(attempt=attempt, operator=operator, now=now)
    if give_up:
        _over(attempt, AttemptState.CANCELLED, "", now)
    attempt.refresh_from_db()
    return attempt


def page_of(*, attempt: Attempt, customer: str, operator: Operator) -> Any:
    """What is asked for: the same for the same attempt, as Stripe refuses a key with other words."""
    bill = attempt.invoice
    if bill is None or bill.number is None:
        raise StripeRefused(f"attempt {attempt.key} is for no bill")
    language = (attempt.begun_by.language if attempt.begun_by else "") or attempt.account.language
    amount = at_stripe(minor=attempt.amount_minor, currency=attempt.currency)
    name = f"{operator.identity.trade_name} {bill.number}"
    mark = {"attempt": str(attempt.key), "bill": bill.number}
    console = operator.service.console_url
    return {
        "mode": "payment",
        "customer": customer,
        "client_reference_id": str(attempt.key),
        "line_items": [
            {
                "price_data": {
                    "currency": attempt.currency.lower(),
                    "unit_amount": amount,
                    "product_data": {"name": name},
                },
                "quantity": 1,
            }
        ],
        "payment_method_types": methods_for(currency=attempt.currency, operator=operator),
        "payment_intent_data": {"metadata": mark, "description": name},
        "metadata": mark,
        "locale": language if language in dict(settings.LANGUAGES) else "auto",
        "success_url": console + reverse("paid", args=[bill.number]),
        "cancel_url": console + reverse("pay", args=[bill.number]),
    }


def methods_for(*, currency: str, operator: Operator) -> list[str]:
    """The ways to pay on Stripe's page: a SEPA debit is in euros alone."""
    return [way for way in operator.stripe.methods if way != "sepa_debit" or currency == "EUR"]


def _under_way(bill: Invoice) -> Attempt | None:
    mine = Attempt.objects.filter(invoice__in=replaced_by(bill), state__in=UNDER_WAY)
    return mine.select_related("account", "invoice").order_by("pk").first()


def replaced_by(bill: Invoice) -> list[int]:
    """The ids of a bill and of those in whose place it stands: a payment of one of them is one of this bill."""
    ids = [bill.pk]
    while before := Invoice.objects.filter(replacement__document=ids[-1]).values_list("pk", flat=True).first():
        ids.append(before)
    return ids


def _written(bill: Invoice, by: User, now: datetime, hold: Callable[[], None]) -> Attempt | None:
    """None when another attempt was written at the same moment."""
    try:
        with transaction.atomic():
            hold()
            left = unpaid(bill)
            if left <= 0 or not methods_for(currency=bill.currency, operator=settings.OPERATOR):
                raise NothingOpen(_("Nothing is left to pay of this bill."))
            values = {"account_id": bill.account_id, "invoice": bill, "currency": bill.currency, "amount_minor": left}
            made = Attempt.objects.create(way=Attempt.Way.CHECKOUT, begun_by=by, begun_at=now, moved_at=now, **values)
    except IntegrityError:
        return None
    return made


def _fits(attempt: Attempt, bill: Invoice, now: datetime) -> bool:
    """Whether somebody who wants to pay what is open now may go on with it."""
    old = attempt.state == AttemptState.WRITTEN and attempt.begun_at < now - ASKED_AGAIN
    same = attempt.invoice_id == bill.pk and attempt.amount_minor == unpaid(bill)
    return attempt.way == Attempt.Way.CHECKOUT and same and not old


def _over(attempt: Attempt, state: AttemptState, code: str, now: datetime) -> None:
    with transaction.atomic():
        row = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
        if row.state not in ENDED:
            row.state, row.code, row.url, row.moved_at = state, code[:60], "", now
            row.save(update_fields=["state", "code", "url", "moved_at"])
