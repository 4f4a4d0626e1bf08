"""One bill is charged: the attempt is written down, Stripe is asked with its key, and what it says moves the attempt on.

Whatever is killed in between, the attempt says where it was: asked again with the same key, Stripe does it once. A key is good
for a day there; and the answer of an error of Stripe's own is kept with it. So an attempt that was left behind is looked for at
Stripe first, and asked for again when it is not there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import stripe
from django.db import connection, transaction

from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.amend.rectify import stands_for
from bonafide.operator import Operator
from bonafide.outgoing.words import AUTO_PAYMENT, Field
from bonafide.payments.stripe.amounts import NotThere, at_stripe
from bonafide.payments.stripe.charge.which import Due, bills_due
from bonafide.payments.stripe.client import asking, client, ours, reading
from bonafide.payments.stripe.customers import customer_of
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState, AutoPay
from bonafide.payments.stripe.move import moved

logger = logging.getLogger(__name__)
# An attempt that is younger may still be asked for by another process (an exchange ends after half a minute).
LEFT_BEHIND = timedelta(minutes=1)
# By then nothing that was sent is still on its way: what is not at Stripe, and not wanted any more, is given up.
LOST = timedelta(minutes=10)
_CLOCKS = timedelta(minutes=5)  # by which ours and Stripe's may differ
WITH = ("account__stripe_customer", "invoice", "method")
_turn = threading.RLock()


class Outcome(StrEnum):
    """What came of charging one bill."""

    PAID = "paid"
    ON_ITS_WAY = "on its way"
    DECLINED = "declined"
    UNANSWERED = "unanswered"  # the attempt stays, and is taken up again by the next run
    LEFT = "left"  # not due any more, or somebody else is at it
    BROKEN = "broken"  # an error of ours; the log has it


_OF_STATE = {
    AttemptState.SUCCEEDED: Outcome.PAID,
    AttemptState.PROCESSING: Outcome.ON_ITS_WAY,
    AttemptState.FAILED: Outcome.DECLINED,
    AttemptState.CANCELLED: Outcome.LEFT,
}


def charge(*, due: Due, operator: Operator, now: datetime) -> Outcome:
    """Charge a bill that is due, unless it is not any more. Call it outside of transactions."""
    written = write_attempts(dues=[due], operator=operator, now=now)
    return ask(attempt=written[0], operator=operator, now=now) if written else Outcome.LEFT


def write_attempts(*, dues: Sequence[Due], operator: Operator, now: datetime) -> list[Attempt]:
    """Write down which bills are to be charged, in one transaction; those left out are due no more, or an attempt is under way.

    The consents' rows are locked meanwhile: whoever ends one, or charges the same try, waits and then sees this one. Keep them
    few, and ask for them at once: what ends between is charged once more.
    """
    with one_at_a_time(), transaction.atomic():
        agreed = AutoPay.objects.select_for_update(no_key=True).filter(pk__in=[due.auto_pay for due in dues], ended_at=None)
        held = set(agreed.order_by("pk").values_list("pk", flat=True))
        still = bills_due(operator=operator, now=now, of=[due.invoice for due in dues if due.auto_pay in held])
        rows = [
            Attempt(
                way=Attempt.Way.AUTO,
                account_id=due.account,
                invoice_id=due.invoice,
                method_id=due.method,
                currency=due.currency,
                amount_minor=due.amount_minor,
                begun_at=now,
                moved_at=now,
            )
            for due in still
            if due.auto_pay in held
        ]
        # One that somebody pays on Stripe's page since a moment ago is refused by the database alone.
        Attempt.objects.bulk_create(rows, ignore_conflicts=True)
        keys = [row.key for row in rows]
        return list(Attempt.objects.filter(key__in=keys).select_related(*WITH).order_by("pk"))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """The threads of this process take turns at SQLite, which has one writer: who waits there sleeps, and wakes too late."""
    if connection.vendor == "sqlite":
        with _turn:
            yield
    else:
        yield


def take_up(*, attempt: Attempt, operator: Operator, now: datetime) -> Outcome:
    """Go on with an attempt that was left behind: what Stripe has of it counts, else it is asked for with the same key.

    It is given up where it is not wanted any more (the consent has ended, less is open) and Stripe knows nothing of it.
    """
    customer = customer_of(attempt.account, now)
    try:
        with reading():
            since = int((attempt.begun_at - _CLOCKS).timestamp())
            params: Any = {"customer": customer.stripe_id, "created": {"gte": since}, "limit": 100}
            params["expand"] = ["data.latest_charge"]
            found = client().v1.payment_intents.list(params)
            mine = next((one for one in found.auto_paging_iter() if _key_of(one) == str(attempt.key)), None)
    except stripe.StripeError as error:
        return _unanswered(attempt, error)
    if mine is not None:
        return settle_intent(attempt=attempt, intent=mine, operator=operator, now=now)
    if _is_wanted(attempt):
        return ask(attempt=attempt, operator=operator, now=now)
    if attempt.begun_at > now - LOST:
        return Outcome.UNANSWERED
    Attempt.objects.filter(pk=attempt.pk, state=AttemptState.WRITTEN).update(state=AttemptState.CANCELLED, moved_at=now)
    return Outcome.LEFT


def ask(*, attempt: Attempt, operator: Operator, now: datetime) -> Outcome:
    """Ask Stripe for the payment, and move the attempt to what it says; read with all of ``WITH``, it needs nothing more."""
    known = getattr(attempt.account, "stripe_customer", None)
    customer, method = known or customer_of(attempt.account, now), attempt.method
    number = (attempt.invoice.number if attempt.invoice else "") or ""
    if method is None:
        return fail(attempt=attempt, code="resource_missing", intent=None, operator=operator, now=now)
    try:
        amount = at_stripe(minor=attempt.amount_minor, currency=attempt.currency)
    except NotThere:  # so fine an amount can be paid otherwise, which an attempt under way would forbid
        return fail(attempt=attempt, code="amount_too_fine", intent=None, operator=operator, now=now)
    params: Any = {
        "amount": amount,
        "currency": attempt.currency.lower(),
        "customer": customer.stripe_id,
        "payment_method": method.stripe_id,
        "payment_method_types": [method.kind],
        "off_session": True,
        "confirm": True,
        "description": number,
        "metadata": {"attempt": str(attempt.key), "bill": number},
        "expand": ["latest_charge"],  # what is booked is read from it
    }
    try:
        with asking(account_id=attempt.account_id, fields=(Field.BILL,), occasion=AUTO_PAYMENT, now=now) as passage:
            passage.left = True
            intent = ours(client().v1.payment_intents.create(params, {"idempotency_key": str(attempt.key)}))
    except stripe.CardError as error:
        body = getattr(error.error, "payment_intent", None)
        return fail(attempt=attempt, code=_code_of(error), intent=body, operator=operator, now=now)
    except stripe.IdempotencyError as error:
        return _unanswered(attempt, error)
    except stripe.InvalidRequestError as error:
        if error.http_status == 409:
            return _unanswered(attempt, error)
        logger.warning("bill %s could not be charged: Stripe refused the request (%s)", number, error.code or error.param)
        return fail(attempt=attempt, code=error.code or "refused", intent=None, operator=operator, now=now)
    except stripe.StripeError as error:
        return _unanswered(attempt, error)
    return settle_intent(attempt=attempt, intent=intent, operator=operator, now=now)


def settle_intent(*, attempt: Attempt, intent: Any, operator: Operator, now: datetime) -> Outcome:
    """Move the attempt to what its intent is; one that waits for the person, who is not there, has failed."""
    if intent.status in ("succeeded", "processing", "canceled"):
        with one_at_a_time():
            row = moved(attempt_id=attempt.pk, intent=intent, operator=operator, now=now, read=attempt)
        return _OF_STATE.get(AttemptState(row.state), Outcome.UNANSWERED)
    error = intent.last_payment_error
    code = _declined_as(error) if error else "authentication_required"
    return fail(attempt=attempt, code=code, intent=intent, operator=operator, now=now)


def fail(*, attempt: Attempt, code: str, intent: Any, operator: Operator, now: datetime) -> Outcome:
    """The attempt has failed, for ``code``; its intent is cancelled, so that it can never be paid later, unseen."""
    with one_at_a_time(), transaction.atomic():
        row = Attempt.objects.select_for_update(no_key=True).get(pk=attempt.pk)
        if row.state not in ENDED:
            row.state, row.code, row.moved_at = AttemptState.FAILED, code[:60], now
            row.intent_id = intent.id if intent is not None else row.intent_id
            row.save(update_fields=["state", "code", "moved_at", "intent_id"])
    if intent is not None and intent.status not in ("succeeded", "canceled", "processing"):
        try:
            with reading():
                client().v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
        except stripe.StripeError as error:  # nobody is asked by it and nobody has its secret: it is only untidy
            logger.info("intent %s was not cancelled: %s", intent.id, error.code)
    return _OF_STATE.get(AttemptState(row.state), Outcome.DECLINED)


def _is_wanted(attempt: Attempt) -> bool:
    agreed = AutoPay.objects.filter(account=attempt.account_id, method=attempt.method_id, ended_at=None).exists()
    bill = attempt.invoice
    return agreed and bill is not None and stands_for(invoice=bill) == bill and unpaid(bill) >= attempt.amount_minor


def _unanswered(attempt: Attempt, error: stripe.StripeError) -> Outcome:
    logger.warning("attempt %s waits: Stripe gave no answer (%s %s)", attempt.key, type(error).__name__, error.http_status)
    return Outcome.UNANSWERED


def _code_of(error: stripe.CardError) -> str:
    return _declined_as(error.error) or error.code or "declined"


def _declined_as(error: Any) -> str:
    """The bank's own reason where there is one, else Stripe's."""
    code = getattr(error, "code", None) or ""
    return code if code == "authentication_required" else getattr(error, "decline_code", None) or code or "declined"


def _key_of(intent: Any) -> str:
    return str(getattr(intent.metadata, "attempt", ""))
