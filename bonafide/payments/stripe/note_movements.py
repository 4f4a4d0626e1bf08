"""Movements of money at Stripe become rows, once each, and what they cost and pay out is posted in the ledger with them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from bonafide.billing.balance.books import home_when_received
from bonafide.billing.closings.entry_day import entry_day
from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger import moves
from bonafide.billing.ledger.models import Step
from bonafide.billing.ledger.moves import Move
from bonafide.billing.ledger.post import Entry, write_entries
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.stripe.amounts import from_stripe
from bonafide.payments.stripe.client import client
from bonafide.payments.stripe.look import listed
from bonafide.payments.stripe.models import Movement

logger = logging.getLogger(__name__)

# Stripe's reporting categories: money that goes to our bank, or comes back from there; what it asks for beside payments.
PAYOUTS = frozenset({"payout", "payout_reversal"})
FEES = frozenset({"fee"})


def note_movements(*, since: datetime, operator: Operator, now: datetime) -> tuple[int, list[str]]:
    """Note each balance transaction since then that is not there yet, the oldest first; how many, and which cannot be noted.

    One in a currency that we cannot count leaves the others. Outside of transactions.

    :raises StripeUnanswered:
    """
    made = {"created": {"gte": int(since.timestamp())}}
    found = [one for page in listed(client().v1.balance_transactions, made) for one in page]
    noted, faults = 0, list[str]()
    for start in range(0, len(found), 500):
        batch = list(reversed(found))[start : start + 500]
        there = set(Movement.objects.filter(stripe_id__in=[one.id for one in batch]).values_list("stripe_id", flat=True))
        for one in batch:
            try:
                noted += one.id not in there and note(movement=_movement(one, now), operator=operator, now=now)
            except Refused as refusal:
                faults.append(f"movement {one.id}: {refusal}")
                logger.error("movement %s was not noted: %s", one.id, refusal)
    return noted, faults


def note(*, movement: Movement, operator: Operator, now: datetime) -> bool:
    """Write a movement and the entries that follow from it, both or neither; False when it is there already."""
    with transaction.atomic():
        lock_numbers()
        if Movement.objects.filter(stripe_id=movement.stripe_id).exists():
            return False
        movement.save(force_insert=True)
        write_entries(entries=_entries(movement, operator, now))
    return True


def _movement(one: Any, now: datetime) -> Movement:
    currency = one.currency.upper()
    return Movement(
        stripe_id=one.id,
        kind=(one.reporting_category or one.type)[:60],
        source=one.source or "",
        currency=currency,
        amount_minor=from_stripe(amount=one.amount, currency=currency),
        fee_minor=from_stripe(amount=one.fee, currency=currency),
        moved_at=datetime.fromtimestamp(one.created, UTC),
        noted_at=now,
    )


def _entries(movement: Movement, operator: Operator, now: datetime) -> list[Entry]:
    """Its fee, and what it pays out. What customers pay and get back is posted where it is booked on their bills."""
    books = operator.books
    fee = movement.fee_minor - (movement.amount_minor if movement.kind in FEES else 0)
    out = -movement.amount_minor if movement.kind in PAYOUTS else 0
    return [
        _entry(step, movement, moved(books=books, minor=minor, home=_home(minor, movement, operator)), operator, now)
        for step, moved, minor in ((Step.FEE, moves.fee, fee), (Step.PAYOUT, moves.paid_out, out))
        if minor
    ]


def _entry(step: Step, movement: Movement, moved: list[Move], operator: Operator, now: datetime) -> Entry:
    on, today = (at.astimezone(operator.zone).date() for at in (movement.moved_at, now))
    dated_on = entry_day(on=on, today=today)
    piece_on = None if dated_on == on else on
    known = (step, movement.pk, None, None, movement.stripe_id[:120])
    return Entry(*known, dated_on, today, movement.currency, moved, piece_on)


def _home(minor: int, movement: Movement, operator: Operator) -> int | None:
    """In the currency of the books, with the sign of ``minor``."""
    if movement.currency == operator.billing.currency:
        return minor
    day = movement.moved_at.astimezone(operator.zone).date()
    worth = home_when_received(minor=abs(minor), currency=movement.currency, day=day, operator=operator)
    return None if worth is None else (1 if minor > 0 else -1) * worth
