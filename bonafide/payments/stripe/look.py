"""What happened at Stripe since the last look is followed, as if it had told us: events may be lost, late or never sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Max, Min

from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.stripe.begin import ASKED_AGAIN, UNDER_WAY, look_up
from bonafide.payments.stripe.client import StripeUnanswered, client, plainly, reading
from bonafide.payments.stripe.follow import follow, follow_attempt
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState, Movement

logger = logging.getLogger(__name__)

OVERLAP = timedelta(days=7)
PAGE = 100


def since_when(*, now: datetime) -> datetime:
    """From when on everything is looked at: a week before the newest movement that we noted, or before our first attempt."""
    newest = Movement.objects.aggregate(at=Max("moved_at"))["at"]
    first = Attempt.objects.aggregate(at=Min("begun_at"))["at"]
    return min(newest or first or now, now) - OVERLAP


def look_at_all(*, since: datetime, operator: Operator, now: datetime) -> tuple[int, list[str]]:
    """Follow payments, refunds and disputes made since then, and every attempt that is under way; how many, and what failed.

    :raises StripeUnanswered: when Stripe does not answer at all.
    """
    looked, faults = 0, list[str]()
    for kind, stripe_id in _changed(since):
        looked += 1
        if fault := _fault(partial(follow, kind=kind, stripe_id=stripe_id, operator=operator, now=now)):
            faults.append(f"{kind} {stripe_id}: {fault}")
    for attempt in Attempt.objects.filter(state__in=UNDER_WAY).select_related("account", "invoice").order_by("pk"):
        looked += 1
        if fault := _fault(partial(_look_at, attempt, operator, now)):
            faults.append(f"attempt {attempt.key}: {fault}")
    return looked, faults


def _fault(look: Callable[[], object]) -> str:
    """Why one thing could not be followed; empty when it was. What nobody thought of stops no other thing either.

    :raises StripeUnanswered:
    """
    try:
        look()
    except StripeUnanswered:
        raise
    except Refused as refusal:
        logger.error("something at Stripe was not followed: %s", refusal)
        return str(refusal)
    except Exception as error:
        logger.exception("something at Stripe was not followed")
        return f"a mistake of ours: {type(error).__name__}"
    return ""


def listed(service: Any, params: dict[str, Any]) -> Iterator[list[Any]]:
    """Lists of Stripe's, page by page, the newest first; a page is there whole before its things are followed."""
    after: dict[str, Any] = {}
    while True:
        with plainly(), reading():
            page = service.list({**params, **after, "limit": PAGE})
        yield list(page.data)
        if not page.has_more:
            return
        after = {"starting_after": page.data[-1].id}


def _changed(since: datetime) -> Iterator[tuple[str, str]]:
    asks, made = client().v1, {"created": {"gte": int(since.timestamp())}}
    for page in listed(asks.payment_intents, made):
        for intent in _moved_on(page):
            yield "payment_intent", intent.id
    for kind, service in (("refund", asks.refunds), ("dispute", asks.disputes)):
        for page in listed(service, made):
            for thing in page:
                yield kind, thing.id


def _moved_on(page: list[Any]) -> list[Any]:
    """Those whose attempt is not where they are; who paid without us has none, and shows as a difference."""
    known = Attempt.objects.filter(intent_id__in=[intent.id for intent in page])
    states = {row["intent_id"]: row for row in known.values("intent_id", "state", "receipt_id")}
    found = []
    for intent in page:
        row = states.get(intent.id)
        settled = row is not None and row["state"] in ENDED and (intent.status != "succeeded" or row["receipt_id"])
        if not settled and (row is not None or bool(str(getattr(intent.metadata, "attempt", "")))):
            found.append(intent)
    return found


def _look_at(attempt: Attempt, operator: Operator, now: datetime) -> None:
    """A page, or a charge; one whose answer was lost is looked for and, once it is old, given up. ``auto`` asks for its own."""
    if attempt.way == Attempt.Way.SAVE:
        if attempt.session_id:
            follow(kind="checkout.session", stripe_id=attempt.session_id, operator=operator, now=now)
    elif attempt.state != AttemptState.WRITTEN:
        follow_attempt(attempt=attempt, operator=operator, now=now)
    elif attempt.way == Attempt.Way.CHECKOUT and attempt.begun_at < now - ASKED_AGAIN:
        look_up(attempt=attempt, operator=operator, now=now, give_up=True)
