"""Money goes back to who paid, against a credit note: at most what was paid too much, and once, whatever is lost on the way."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import stripe
from django.db import transaction
from django.db.models import Q, Sum

from bonafide.accounts.models import User
from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.amend.rectify import stands_for
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.money import from_minor
from bonafide.operator import Operator
from bonafide.outgoing.words import REFUND, Field
from bonafide.payments.models import Receipt
from bonafide.payments.stripe.amounts import at_stripe, from_stripe
from bonafide.payments.stripe.charge.paid import as_key, paid_attempt
from bonafide.payments.stripe.client import asking, client, ours, reading
from bonafide.payments.stripe.models import Attempt, Refund
from bonafide.payments.stripe.refund_letters import tell_refund_failed, tell_refunded
from bonafide.payments.take_back import bills_of, take_back
from bonafide.payments.take_in import take_in

logger = logging.getLogger(__name__)
LEFT_BEHIND = timedelta(minutes=1)
_CLOCKS = timedelta(minutes=5)
GOOD = ("pending", "requires_action", "succeeded")
_RANK = {Refund.State.WRITTEN: 0, Refund.State.PENDING: 1, Refund.State.SUCCEEDED: 2, Refund.State.FAILED: 3}


class RefundRefused(Refused):
    """Money that cannot go back so."""


@dataclass(frozen=True)
class Refundable:
    """A payment of the bill, and how much of it can go back against the credit note."""

    attempt: Attempt
    amount_minor: int


def bill_of(*, credit_note: Invoice) -> Invoice:
    """The bill that a credit note takes back, or the one in its place.

    :raises RefundRefused: for what is no credit note.
    """
    correction = getattr(credit_note, "correction", None)
    if credit_note.kind != Invoice.Kind.CREDIT_NOTE or correction is None:
        raise RefundRefused(f"{credit_note} is no credit note: money goes back against one; take the bill back first")
    return stands_for(invoice=correction.original)


def refundable(*, credit_note: Invoice) -> list[Refundable]:
    """The payments by Stripe of its bill of which something can go back, the last one first.

    Of each at most what is left of it, what is overpaid on the bill now, and what of the credit note did not go back yet.

    :raises RefundRefused: for what is no credit note.
    """
    bill = bill_of(credit_note=credit_note)
    written = Refund.objects.filter(state=Refund.State.WRITTEN)
    too_much = -unpaid(bill) - _sum(written.filter(credit_note__correction__original__in=_line_of(bill)))
    of_note = credit_note.total_minor - _sum(Refund.objects.filter(credit_note=credit_note).exclude(state=Refund.State.FAILED))
    found = []
    for attempt in Attempt.objects.filter(receipt__isnull=False, charge_id__isnull=False, account=bill.account_id).order_by(
        "-pk"
    ):
        receipt = attempt.receipt
        if receipt is None or bill not in bills_of(receipt=receipt):
            continue
        gone = receipt.returned.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        left = receipt.amount_minor - gone - _sum(written.filter(attempt=attempt))
        if (most := min(left, too_much, of_note)) > 0:
            found.append(Refundable(attempt, most))
    return found


def write_refund(
    *, credit_note: Invoice, attempt: Attempt, amount_minor: int, key: UUID, by: User | None, now: datetime
) -> Refund:
    """Write down that so much of a payment is to go back. The same ``key`` again gives the row that is there.

    :raises RefundRefused: for more than can go back, or nothing; or when the key was used for another refund.
    """
    with transaction.atomic():
        Attempt.objects.select_for_update(no_key=True).filter(account=attempt.account_id, receipt__isnull=False).order_by(
            "pk"
        ).first()  # refunds of an account wait for each other
        there = Refund.objects.filter(key=key).first()
        if there:
            if (there.credit_note_id, there.attempt_id, there.amount_minor) != (credit_note.pk, attempt.pk, amount_minor):
                raise RefundRefused("this form was sent already, for another refund: open it again")
            return there
        most = next((one.amount_minor for one in refundable(credit_note=credit_note) if one.attempt.pk == attempt.pk), 0)
        if not 0 < amount_minor <= most:
            said, limit = (f"{from_minor(minor, attempt.currency)} {attempt.currency}" for minor in (amount_minor, most))
            raise RefundRefused(f"credit note {credit_note.number}: {said} cannot go back of this payment, but at most {limit}")
        return Refund.objects.create(
            key=key,
            attempt=attempt,
            credit_note=credit_note,
            amount_minor=amount_minor,
            asked_by=by,
            asked_at=now,
            moved_at=now,
        )


def send_refund(*, refund: Refund, operator: Operator, now: datetime) -> Refund:
    """Ask Stripe for it, with its key. Call it outside of transactions; asked again, it goes back once.

    Where Stripe gives no answer the refund stays "being prepared", and is taken up again within minutes.
    """
    if refund.state != Refund.State.WRITTEN:
        return refund
    attempt = refund.attempt
    params: Any = {
        "charge": attempt.charge_id,
        "amount": at_stripe(minor=refund.amount_minor, currency=attempt.currency),
        "reason": "requested_by_customer",
        "metadata": {"refund": str(refund.key), "credit_note": refund.credit_note.number or ""},
    }
    try:
        with asking(account_id=attempt.account_id, fields=(Field.BILL,), occasion=REFUND, now=now) as passage:
            passage.left = True
            given = ours(client().v1.refunds.create(params, {"idempotency_key": str(refund.key)}))
    except (stripe.IdempotencyError, stripe.RateLimitError) as error:
        logger.warning("refund %s waits: %s", refund.key, type(error).__name__)
        return refund
    except stripe.InvalidRequestError as error:
        if error.http_status == 409:
            return refund
        logger.error("refund %s was refused by Stripe: %s", refund.key, error.code or error.param)
        return _refused(refund, error.code or "refused", now)
    except stripe.StripeError as error:
        logger.warning("refund %s waits: Stripe gave no answer (%s)", refund.key, type(error).__name__)
        return refund
    return bring_up(refund=refund, given=given, operator=operator, now=now)


def resume_refunds(*, operator: Operator, now: datetime) -> int:
    """Go on with refunds that Stripe gave no answer about: what it has counts, else it is asked with the same key. How many."""
    left = Refund.objects.filter(state=Refund.State.WRITTEN, asked_at__lte=now - LEFT_BEHIND)
    taken = 0
    for refund in left.select_related("attempt__account", "credit_note").order_by("pk"):
        try:
            taken += _resumed(refund, operator, now).state != Refund.State.WRITTEN
        except stripe.StripeError as error:
            logger.warning("refund %s waits: %s", refund.key, type(error).__name__)
        except Exception:  # what cannot be booked of one keeps no other waiting
            logger.exception("refund %s waits", refund.key)
    return taken


def _resumed(refund: Refund, operator: Operator, now: datetime) -> Refund:
    with reading():
        listed = client().v1.refunds.list({"charge": refund.attempt.charge_id or "", "limit": 100})
        given = next((one for one in listed.auto_paging_iter() if _key_of(one) == str(refund.key)), None)
    if given is None:
        return send_refund(refund=refund, operator=operator, now=now)
    return bring_up(refund=refund, given=given, operator=operator, now=now)


def follow_refund(*, stripe_id: str, operator: Operator, now: datetime) -> str:
    """Bring a refund up to what it is at Stripe, also one that was made there by hand: its money went back all the same.

    :return: its state, or "unknown" where its payment is none of ours.
    :raises stripe.StripeError: when Stripe does not answer.
    """
    with reading():
        given = client().v1.refunds.retrieve(stripe_id)
    known = Q(stripe_id=stripe_id)
    if key := as_key(_key_of(given)):
        known |= Q(key=key)
    refund = Refund.objects.filter(known).select_related("attempt__account", "credit_note").first()
    if refund is not None:
        return str(bring_up(refund=refund, given=given, operator=operator, now=now).state)
    attempt = paid_attempt(charge=given.charge, intent=given.payment_intent, operator=operator, now=now)
    if attempt is None:
        return "unknown"
    with transaction.atomic():
        attempt = (
            Attempt.objects.select_for_update(of=("self",), no_key=True).select_related("receipt", "account").get(pk=attempt.pk)
        )
        _book(attempt, given, None, operator, now)
    return str(given.status)


def bring_up(*, refund: Refund, given: Any, operator: Operator, now: datetime) -> Refund:
    """Move a refund to what Stripe says of it, and book what that moves; only ever onward."""
    with transaction.atomic():
        row = (
            Refund.objects.select_for_update(of=("self",), no_key=True)
            .select_related("attempt__receipt", "attempt__account", "credit_note__correction__original")
            .get(pk=refund.pk)
        )
        state = _state_of(given.status)
        bill = bill_of(credit_note=row.credit_note)
        came_back = row.state != Refund.State.FAILED and _book(row.attempt, given, bill, operator, now)
        if _RANK[state] > _RANK[Refund.State(row.state)]:
            first = row.state == Refund.State.WRITTEN
            row.state, row.stripe_id, row.moved_at = state, given.id, now
            row.code = str(getattr(given, "failure_reason", None) or "")[:60]
            row.save(update_fields=["state", "stripe_id", "moved_at", "code"])
            if state == Refund.State.FAILED:
                tell_refund_failed(refund=row, came_back=came_back, operator=operator, now=now)
            elif first:
                tell_refunded(refund=row, bill=bill, operator=operator, now=now)
    return row


def _book(attempt: Attempt, given: Any, bill: Invoice | None, operator: Operator, now: datetime) -> bool:
    """Book what went back, and what came back of it; whether it did come back. Each once."""
    receipt, on = attempt.receipt, now.astimezone(operator.zone).date()
    if receipt is None:
        return False
    known: dict[str, Any] = {"operator": operator, "now": now}
    minor = from_stripe(amount=given.amount, currency=receipt.currency)
    if given.status in GOOD:
        if Receipt.objects.filter(means=receipt.means, reference=f"{given.id} failed").exists():
            return False  # looked at before it failed
        take_back(receipt=receipt, amount_minor=minor, returned_on=on, reference=given.id, bill=bill, **known)
        return False
    if not receipt.returned.filter(reference=given.id).exists():
        return False
    first = [bill] if bill else bills_of(receipt=receipt)
    take_in(
        account=attempt.account,
        currency=receipt.currency,
        amount_minor=minor,
        received_on=on,
        means=receipt.means,
        reference=f"{given.id} failed",
        bills=[(one, None) for one in first],
        **known,
    )
    return True


def _refused(refund: Refund, code: str, now: datetime) -> Refund:
    with transaction.atomic():
        row = Refund.objects.select_for_update(no_key=True).get(pk=refund.pk)
        if row.state == Refund.State.WRITTEN:
            row.state, row.code, row.moved_at = Refund.State.FAILED, code[:60], now
            row.save(update_fields=["state", "code", "moved_at"])
    return row


def _state_of(status: str) -> Refund.State:
    if status in ("failed", "canceled"):
        return Refund.State.FAILED
    return Refund.State.SUCCEEDED if status == "succeeded" else Refund.State.PENDING


def _line_of(bill: Invoice) -> list[int]:
    """The bill and those that it replaced, by id: a credit note names one of them."""
    found, last = [bill.pk], bill
    while before := Invoice.objects.filter(replacement__document=last).first():
        found.append(before.pk)
        last = before
    return found


def _sum(refunds: Any) -> int:
    total: int = refunds.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return total


def _key_of(given: Any) -> str:
    return str(getattr(given.metadata, "refund", "") or "")
