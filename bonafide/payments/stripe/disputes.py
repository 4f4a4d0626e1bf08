"""Somebody told their bank that a payment was not theirs: the money is away until that is won, and the bill open again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum

from bonafide.operator import Operator
from bonafide.payments.stripe.amounts import from_stripe
from bonafide.payments.stripe.charge.paid import paid_attempt
from bonafide.payments.stripe.client import client, reading
from bonafide.payments.stripe.dispute_letters import tell_of_dispute
from bonafide.payments.stripe.models import Attempt, Dispute
from bonafide.payments.take_back import bills_of, take_back
from bonafide.payments.take_in import take_in

logger = logging.getLogger(__name__)
# Stripe's words in the order in which they come; from an end nothing goes back. An inquiry ("warning") moves no money.
ORDER = (
    ("warning_needs_response",),
    ("warning_under_review",),
    ("warning_closed", "needs_response"),
    ("under_review",),
    ("prevented", "won", "lost"),
)
_RANK = {state: rank for rank, states in enumerate(ORDER) for state in states}


def follow_dispute(*, stripe_id: str, operator: Operator, now: datetime) -> str:
    """Bring a dispute and its money up to what they are at Stripe. A SEPA debit that its bank takes back is one, lost at once.

    Money that was withdrawn goes off the bill that it paid; when the dispute is won and it is back, on it again. Staff get one
    letter for each dispute.

    :return: Stripe's word for its state, or "unknown" where its payment is none of ours.
    :raises stripe.StripeError: when Stripe does not answer.
    """
    with reading():
        found = client().v1.disputes.retrieve(stripe_id)
    attempt = paid_attempt(charge=found.charge, intent=found.payment_intent, operator=operator, now=now)
    if attempt is None:
        return "unknown"
    with transaction.atomic():
        attempt = (
            Attempt.objects.select_for_update(of=("self",), no_key=True)
            .select_related("receipt", "account", "invoice")
            .get(pk=attempt.pk)
        )
        due_by = getattr(found.evidence_details, "due_by", None)
        row, made = Dispute.objects.get_or_create(
            stripe_id=found.id,
            defaults={
                "attempt": attempt,
                "amount_minor": from_stripe(amount=found.amount, currency=attempt.currency),
                "reason": found.reason[:60],
                "state": found.status,
                "answer_by": datetime.fromtimestamp(due_by, UTC) if due_by else None,
                "opened_at": datetime.fromtimestamp(found.created, UTC),
                "moved_at": now,
            },
        )
        if not made and _RANK.get(found.status, 0) > _RANK.get(row.state, 0):
            row.state, row.moved_at = found.status, now
            row.save(update_fields=["state", "moved_at"])
        _book(attempt, found, operator, now)
        if made:
            tell_of_dispute(dispute=row, operator=operator, now=now)
    return row.state


def _book(attempt: Attempt, found: Any, operator: Operator, now: datetime) -> None:
    """Each movement of its money once. Fees of Stripe's are none of the customer's and are not booked here."""
    receipt, on = attempt.receipt, now.astimezone(operator.zone).date()
    if receipt is None:
        return
    known: dict[str, Any] = {"operator": operator, "now": now}
    moves = [one.amount for one in found.balance_transactions]
    away = receipt.returned.filter(reference=found.id).first()
    if away is None and any(amount < 0 for amount in moves):
        gone = receipt.returned.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        taken = from_stripe(amount=found.amount, currency=receipt.currency)
        amount = min(taken, receipt.amount_minor - gone)
        if amount < taken:
            logger.error("dispute %s took %s, but %s of the payment was left", found.id, taken, amount)
        if amount > 0:
            away = take_back(
                receipt=receipt, amount_minor=amount, returned_on=on, reference=found.id, bill=attempt.invoice, **known
            )
    if away is not None and any(amount > 0 for amount in moves):
        first = [attempt.invoice] if attempt.invoice else bills_of(receipt=receipt)
        take_in(
            account=attempt.account,
            currency=receipt.currency,
            amount_minor=away.amount_minor,
            received_on=on,
            means=receipt.means,
            reference=f"{found.id} won",
            bills=[(one, None) for one in first],
            **known,
        )
