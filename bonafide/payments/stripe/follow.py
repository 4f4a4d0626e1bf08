"""Something at Stripe may have changed: it is fetched anew, and our rows are brought up to it. Asking twice changes nothing.

What told of it (an event, a page that somebody came back to, the hourly look) says only which thing; what it says of it may
be old, and is not read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from bonafide.operator import Operator
from bonafide.payments.stripe.client import (
    client,
    ours,
    plainly,
    reading,
    retrieved_intent,
    retrieved_session,
)
from bonafide.payments.stripe.models import Attempt
from bonafide.payments.stripe.move import moved
from bonafide.payments.stripe.move_session import session_moved

NOT_OURS = "no attempt of ours"
_HERE = "bonafide.payments.stripe"
# Which function follows what is not followed here: each ``(*, stripe_id, operator, now) -> str``.
ELSEWHERE = {
    "setup_intent": f"{_HERE}.saved.follow_setup",
    "payment_method": f"{_HERE}.saved.follow_method",
    "mandate": f"{_HERE}.saved.follow_mandate",
    "refund": f"{_HERE}.refunds.follow_refund",
    "dispute": f"{_HERE}.disputes.follow_dispute",
}


def follow(*, kind: str, stripe_id: str, operator: Operator, now: datetime) -> str:
    """Fetch the thing at Stripe and bring our rows up to it; what came of it, in a few words. Outside of transactions.

    :param kind: what Stripe calls the kind of object: ``payment_intent``.
    :raises Refused: when Stripe gives no answer, or what it says cannot be booked; try again later.
    """
    if kind in _HERE_FOLLOWED:
        return _HERE_FOLLOWED[kind](stripe_id, operator, now)
    name = ELSEWHERE.get(kind)
    if name is None or find_spec(name.rpartition(".")[0]) is None:
        return f"{kind}: not followed"
    with plainly():
        return str(import_string(name)(stripe_id=stripe_id, operator=operator, now=now))


def follow_attempt(*, attempt: Attempt, operator: Operator, now: datetime) -> Attempt:
    """What Stripe has of an attempt that it was asked for; errors as of :func:`follow`."""
    if attempt.session_id and attempt.way == Attempt.Way.CHECKOUT:
        _session(attempt.session_id, operator, now)
    elif attempt.intent_id and attempt.way == Attempt.Way.AUTO:
        _intent(attempt.intent_id, operator, now)
    attempt.refresh_from_db()
    return attempt


def attempt_of(thing: Any) -> Attempt | None:
    """The attempt that an intent or a session is of: known by its id, else by the key that we gave it."""
    column = "session_id" if thing.object == "checkout.session" else "intent_id"
    known = Attempt.objects.filter(**{column: thing.id}).first()
    if known is not None:
        return known
    key = str(getattr(thing.metadata, "attempt", "") or "")
    try:
        return Attempt.objects.filter(key=UUID(key)).exclude(way=Attempt.Way.SAVE).first()
    except ValueError:
        return None


def _session(stripe_id: str, operator: Operator, now: datetime) -> str:
    session = retrieved_session(stripe_id)
    if session.mode == "setup":
        return follow(kind="setup_intent", stripe_id=session.setup_intent, operator=operator, now=now)
    attempt = attempt_of(session)
    if attempt is None:
        return NOT_OURS
    intent = retrieved_intent(session.payment_intent) if session.payment_intent else None
    attempt = session_moved(attempt_id=attempt.pk, session=session, now=now)
    if intent is not None:
        over = session.status != "open"
        attempt = moved(attempt_id=attempt.pk, intent=intent, operator=operator, now=now, over=over)
    return f"attempt {attempt.state}"


def _intent(stripe_id: str, operator: Operator, now: datetime) -> str:
    intent = retrieved_intent(stripe_id)
    attempt = attempt_of(intent)
    if attempt is None:
        return NOT_OURS
    if attempt.session_id and intent.status in ("requires_payment_method", "canceled"):
        return _session(attempt.session_id, operator, now)  # whether the customer may try again there
    attempt = moved(attempt_id=attempt.pk, intent=intent, operator=operator, now=now)
    return f"attempt {attempt.state}"


def _charge(stripe_id: str, operator: Operator, now: datetime) -> str:
    """A charge moves its intent's attempt; what was refunded of it, wherever that was done, is followed too."""
    with plainly(), reading():
        charge = ours(client().v1.charges.retrieve(stripe_id))
        refunds = client().v1.refunds.list({"charge": stripe_id, "limit": 100}) if charge.amount_refunded else None
        again = [refund.id for refund in refunds.auto_paging_iter()] if refunds else []
    if not charge.payment_intent:
        return NOT_OURS
    said = _intent(charge.payment_intent, operator, now)
    for refund in again if said != NOT_OURS else ():
        follow(kind="refund", stripe_id=refund, operator=operator, now=now)
    return said


_HERE_FOLLOWED: dict[str, Callable[[str, Operator, datetime], str]] = {
    "checkout.session": _session,
    "payment_intent": _intent,
    "charge": _charge,
}
