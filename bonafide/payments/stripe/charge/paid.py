"""The attempt that a charge at Stripe belongs to, with its money booked: what refunds and disputes begin with."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from bonafide.operator import Operator
from bonafide.payments.stripe.client import client, reading
from bonafide.payments.stripe.models import Attempt
from bonafide.payments.stripe.move import moved


def paid_attempt(*, charge: Any, intent: Any, operator: Operator, now: datetime) -> Attempt | None:
    """The attempt of a charge or an intent (objects, or their ids); None where it is none of ours, or brought no money.

    What Stripe tells may come in any order: a payment that is not booked yet is booked here first.

    :raises stripe.StripeError: when Stripe does not answer.
    """
    ids = [_id(one) for one in (charge, intent)]
    mine = (Q(charge_id=ids[0]) if ids[0] else Q(pk=None)) | (Q(intent_id=ids[1]) if ids[1] else Q(pk=None))
    attempt = Attempt.objects.filter(mine).first()
    if attempt is None and ids[1]:
        with reading():
            key = as_key(getattr(client().v1.payment_intents.retrieve(ids[1]).metadata, "attempt", ""))
        attempt = Attempt.objects.filter(key=key).first() if key else None
    if attempt is not None and attempt.receipt_id is None and ids[1]:
        with reading():
            found = client().v1.payment_intents.retrieve(ids[1])
        attempt = moved(attempt_id=attempt.pk, intent=found, operator=operator, now=now)
    return attempt if attempt is not None and attempt.receipt_id is not None else None


def as_key(text: object) -> UUID | None:
    """A key of ours in what Stripe keeps for us; None for anything else."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _id(thing: Any) -> str:
    return "" if not thing else thing if isinstance(thing, str) else str(thing.id)
