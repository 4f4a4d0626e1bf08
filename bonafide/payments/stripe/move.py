"""An attempt is brought up to what its payment intent is at Stripe. (Thin.)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bonafide.operator import Operator
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState
from bonafide.payments.take_in import take_in


def moved(*, attempt_id: int, intent: Any, operator: Operator, now: datetime) -> Attempt:
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(of=("self",)).select_related("invoice", "account").get(pk=attempt_id)
        if attempt.state in ENDED and not (intent.status == "succeeded" and attempt.receipt_id is None):
            return attempt
        attempt.intent_id = intent.id
        charge = intent.latest_charge
        if intent.status == "processing":
            attempt.state = AttemptState.PROCESSING
        elif intent.status == "canceled":
            attempt.state = AttemptState.CANCELLED
        elif intent.status == "succeeded":
            attempt.state, attempt.url = AttemptState.SUCCEEDED, ""
            attempt.charge_id = charge if isinstance(charge, str) else charge.id
            kind = intent.payment_method_types[0]
            attempt.receipt = take_in(
                account=attempt.account,
                currency=attempt.currency,
                amount_minor=intent.amount_received,
                received_on=now.astimezone(operator.zone).date(),
                means=kind,
                reference=intent.id,
                bills=[(attempt.invoice, None)] if attempt.invoice else [],
                operator=operator,
                now=now,
            )
        elif intent.status == "requires_payment_method" and attempt.way == Attempt.Way.AUTO and intent.last_payment_error:
            attempt.state = AttemptState.FAILED
            error = intent.last_payment_error
            attempt.code = getattr(error, "decline_code", None) or error.code
        attempt.moved_at = now
        attempt.save()
    return attempt
