"""An attempt is brought up to what its payment is at Stripe. What is late or old changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from bonafide.operator import Operator
from bonafide.payments.models import Receipt
from bonafide.payments.stripe.amounts import from_stripe
from bonafide.payments.stripe.client import StripeRefused, retrieved_intent
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState
from bonafide.payments.stripe.tell import tell_of_failed_debit
from bonafide.payments.take_in import take_in
from bonafide.payments.tell import tell_received

_ORDER = {state: place for place, state in enumerate((AttemptState.WRITTEN, AttemptState.OPEN, AttemptState.PROCESSING))}
_OF_STATUS = {
    "requires_payment_method": AttemptState.OPEN,
    "requires_confirmation": AttemptState.OPEN,
    "requires_action": AttemptState.OPEN,
    "requires_capture": AttemptState.PROCESSING,
    "processing": AttemptState.PROCESSING,
    "succeeded": AttemptState.SUCCEEDED,
    "canceled": AttemptState.CANCELLED,
}


class Said(NamedTuple):
    """What an intent says of its attempt."""

    state: AttemptState
    code: str = ""
    charge: Any = None


# What an intent moves.
_MOVES = ("intent_id", "state", "code", "moved_at", "url", "charge_id", "receipt")


def moved(
    *, attempt_id: int, intent: Any, operator: Operator, now: datetime, over: bool = False, read: Attempt | None = None
) -> Attempt:
    """Move the attempt on to what its payment intent says, and book the money in the same transaction, once.

    States go on in their order and ends stay, but for money: what came after all, for an attempt that was given up, is booked.
    A declined automatic charge has failed; on Stripe's page a decline is no end, as the customer may try another card there.

    :param over: that Stripe's page is closed for good, so that a payment which is not on its way never will be.
    :param read: the attempt as it was read a moment ago, with its bill and account: these two are not read anew.
    :raises StripeRefused: for the intent of another attempt.
    :raises ReceiptRefused: when the same payment was booked otherwise.
    """
    if isinstance(intent.latest_charge, str):  # asked before the row is locked
        intent = retrieved_intent(intent.id)
    with transaction.atomic():
        rows = Attempt.objects.select_for_update(of=("self",))
        attempt = (rows if read else rows.select_related("invoice", "account")).get(pk=attempt_id)
        if read:
            attempt.invoice, attempt.account = read.invoice, read.account
        if attempt.intent_id not in (None, intent.id):
            raise StripeRefused(f"{intent.id} is not the payment of attempt {attempt.key}, which is {attempt.intent_id}")
        said = said_by(intent, way=attempt.way, was=attempt.state, over=over)
        late = attempt.state in ENDED and not (said.state == AttemptState.SUCCEEDED and attempt.receipt_id is None)
        if late or _ORDER.get(said.state, 9) < _ORDER.get(AttemptState(attempt.state), 9):
            return attempt
        before = attempt.state
        attempt.intent_id, attempt.state, attempt.code, attempt.moved_at = intent.id, said.state, said.code[:60], now
        if said.state in ENDED:
            attempt.url = ""
        if said.charge is not None and said.state != AttemptState.OPEN:
            attempt.charge_id = said.charge.id
        if said.state == AttemptState.SUCCEEDED:
            attempt.receipt = _take(attempt, intent, said.charge, operator, now)
        attempt.save(update_fields=_MOVES)
        if attempt.receipt is not None and attempt.state == AttemptState.SUCCEEDED:
            tell_received(receipt=attempt.receipt, now=now)
        elif said.state == AttemptState.FAILED and attempt.way == Attempt.Way.CHECKOUT and before != AttemptState.WRITTEN:
            tell_of_failed_debit(attempt=attempt, operator=operator, now=now)
    return attempt


def said_by(intent: Any, *, way: str, was: str, over: bool = False) -> Said:
    """The state that an intent asks for. ``was`` is the attempt's: a debit that was on its way and asks anew has failed.

    :raises StripeRefused: for a status that we do not know.
    """
    state = _OF_STATUS.get(intent.status)
    if state is None:
        raise StripeRefused(f"{intent.id} has a status that we do not know: {intent.status}", "status")
    charge, error = intent.latest_charge, intent.last_payment_error
    code = _code(error) if error is not None and state != AttemptState.SUCCEEDED else ""
    if intent.status == "requires_payment_method" and error is not None:
        debit = charge is not None and charge.payment_method_details.type == "sepa_debit"
        if over or debit or was == AttemptState.PROCESSING or way == Attempt.Way.AUTO:
            state = AttemptState.FAILED
    return Said(state, code, charge)


def _code(error: Any) -> str:
    """The bank's own reason where there is one, else Stripe's."""
    code = getattr(error, "code", None) or ""
    return str(code if code == "authentication_required" else getattr(error, "decline_code", None) or code or "declined")


def _take(attempt: Attempt, intent: Any, charge: Any, operator: Operator, now: datetime) -> Receipt:
    means = charge.payment_method_details.type
    currency = intent.currency.upper()
    return take_in(
        account=attempt.account,
        currency=currency,
        amount_minor=from_stripe(amount=intent.amount_received, currency=currency),
        received_on=_received(charge, means, operator, now),
        means=means,
        reference=intent.id,
        bills=[(attempt.invoice, None)] if attempt.invoice else [],
        operator=operator,
        now=now,
    )


def _received(charge: Any, means: str, operator: Operator, now: datetime) -> date:
    """A card pays at once; a debit some days after it was asked for, when Stripe tells us. Never later than now, by our clock."""
    at = now if means == "sepa_debit" else datetime.fromtimestamp(charge.created, operator.zone)
    return min(at, now).astimezone(operator.zone).date()
