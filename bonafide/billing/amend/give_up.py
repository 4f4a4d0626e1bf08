"""A claim that will not be paid is given up in the books; when money comes after all, it is taken up again."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from bonafide.accounts.models import User
from bonafide.billing.amend.models import Loss
from bonafide.billing.amend.stands import stands
from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger.post import post_loss
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.money import from_minor
from bonafide.operator import Operator


class LossRefused(Refused):
    """A claim that cannot be given up, or not so much of it."""


def give_up(
    *,
    invoice: Invoice,
    amount_minor: int | None,
    reason: str,
    key: str,
    operator: Operator,
    now: datetime,
    by: User | None = None,
) -> Loss:
    """Post ``amount_minor`` of what is open of a bill (with tax), or all of it, as a loss.

    VAT that waited for the payment goes with it; VAT that was due at issue does not (``ledger.moves.lost``). The customer owes
    the bill as before and is not told: giving up in the books waives nothing. The same ``key`` for the same bill and amount
    returns the row that is there.

    :raises LossRefused: on what is no issued bill or was replaced, without a reason, for zero or less, for more than is open
        and not given up yet, or when the key was used for something else.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise LossRefused(f"bill {invoice.number}: expected a reason of at most 200 characters")
    on = now.astimezone(operator.zone).date()
    with transaction.atomic():
        lock_numbers()
        there = Loss.objects.filter(key=key).first()
        if there:
            if (there.invoice_id, there.reason) != (invoice.pk, reason) or amount_minor not in (None, there.amount_minor):
                raise LossRefused(f"key {key!r} was already used for another loss: use another")
            return there
        left = loseable(invoice=invoice)
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            said, most = (f"{from_minor(minor, invoice.currency)} {invoice.currency}" for minor in (amount, left))
            raise LossRefused(f"bill {invoice.number}: {said} cannot be given up, {most} is open and not given up yet")
        return _write(invoice, lost_of(invoice), amount, reason, key, operator, on, by)


def loseable(*, invoice: Invoice) -> int:
    """What is open of a bill and not given up yet.

    :raises LossRefused: on what is no issued bill above zero, or was replaced.
    """
    if invoice.number is None or invoice.kind == Invoice.Kind.CREDIT_NOTE or invoice.total_minor <= 0:
        raise LossRefused(f"{invoice}: only an issued bill of more than zero can be given up")
    instead = Invoice.objects.filter(replaces__original=invoice).values_list("number", flat=True).first()
    if instead:
        raise LossRefused(f"bill {invoice.number} was replaced by {instead}: give that one up")
    return max(unpaid(invoice), 0) - lost_of(invoice)


def lost_of(invoice: Invoice) -> int:
    """What was given up of a bill so far."""
    return invoice.losses.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def unpaid(invoice: Invoice) -> int:
    """What a bill came to, less what was paid and what was taken back; below zero when that is too much."""
    found = stands(invoice_id=invoice.pk)
    return invoice.total_minor - found.paid_minor - found.credited_minor


def take_up(*, invoice: Invoice, reason: str, key: str, operator: Operator, on: date, most: int = 0) -> None:
    """Undo what was given up of a bill beyond ``most``; call within the transaction of what makes it so, numbers locked."""
    lost = lost_of(invoice)
    if lost > most:
        _write(invoice, lost, most - lost, reason, key, operator, on, None)


def lay_down(*, invoice: Invoice, most: int, reason: str, key: str, operator: Operator, on: date) -> None:
    """Give up again what is still unpaid of a bill, up to ``most``; call as :func:`take_up`."""
    amount = min(most, max(unpaid(invoice), 0))
    if amount > 0:
        _write(invoice, 0, amount, reason, key, operator, on, None)


def _write(
    invoice: Invoice, before: int, amount: int, reason: str, key: str, operator: Operator, on: date, by: User | None
) -> Loss:
    made = Loss.objects.create(invoice=invoice, amount_minor=amount, reason=reason, key=key, made_by=by, made_on=on)
    paid: int = invoice.settlements.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    post_loss(loss=made, before_minor=before, settled_minor=paid, operator=operator)
    return made
