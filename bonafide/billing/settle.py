"""Money that settles a bill, booked once however often it is told."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from bonafide.billing.amend.give_up import take_up, unpaid
from bonafide.billing.amend.models import CARRIED
from bonafide.billing.amend.stands import stands
from bonafide.billing.closings.entry_day import entry_day
from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger.post import BALANCE, post_settlement
from bonafide.billing.models import Invoice, Settlement
from bonafide.errors import Refused
from bonafide.operator import Operator


class SettlementRefused(Refused):
    """Money that cannot be booked on this bill."""


def settle(
    *, invoice: Invoice, amount_minor: int, received_on: date, means: str, reference: str, now: datetime | None = None
) -> Settlement:
    """Book ``amount_minor`` of the bill's currency on it; negative for money that went back.

    ``means`` and ``reference`` together are the payment's identity (the bank's or the provider's own id of it): booking the
    same again returns the row that is there. It is posted to the ledger in the same transaction, final from ``now`` on, by
    default from the day it was received. Where the month of that day is closed it is posted in the open one (``entry_day``).
    What was given up of the bill as lost, and is paid now, is lost no more.

    :raises SettlementRefused: on a draft, on a bill that was replaced, for an amount of zero, without a reference, or when the
        same payment is already booked on another bill or with another amount.
    """
    with transaction.atomic():
        lock_numbers()
        return settle_locked(
            invoice=invoice, amount_minor=amount_minor, received_on=received_on, means=means, reference=reference, now=now
        )


def settle_locked(
    *, invoice: Invoice, amount_minor: int, received_on: date, means: str, reference: str, now: datetime | None = None
) -> Settlement:
    """As :func:`settle`, within a transaction that has locked the numbers and is undone as a whole."""
    _check(invoice, amount_minor, means, reference)
    booked = Settlement.objects.filter(means=means, reference=reference).first()
    if booked is not None:
        if (booked.invoice_id, booked.amount_minor) != (invoice.pk, amount_minor):
            raise SettlementRefused(
                f"payment {reference} ({means}) is already booked: {booked.amount_minor} on bill {booked.invoice.number}"
            )
        return booked
    before = stands(invoice_id=invoice.pk)
    if before.replaced_by:
        instead = Invoice.objects.values_list("number", flat=True).get(pk=before.replaced_by)
        raise SettlementRefused(f"bill {invoice.number} was replaced by {instead}: book the payment on that one")
    values = {"invoice": invoice, "amount_minor": amount_minor, "received_on": received_on}
    booked = Settlement.objects.create(means=means, reference=reference, **values)
    operator: Operator = settings.OPERATOR
    today = now.astimezone(operator.zone).date() if now else None
    entered_on = entry_day(on=received_on, today=today)
    post_settlement(settlement=booked, operator=operator, now=now, entered_on=entered_on, before=before)
    if before.was_given_up:
        _found_again(booked, today or entered_on)
    return booked


def _check(invoice: Invoice, amount_minor: int, means: str, reference: str) -> None:
    if invoice.number is None:
        raise SettlementRefused(f"draft {invoice.pk} is not issued: only an issued bill can be settled")
    if not amount_minor:
        raise SettlementRefused(f"bill {invoice.number}: an amount of 0 settles nothing")
    if not means or not reference:
        raise SettlementRefused(f"bill {invoice.number}: expected the means and the reference of the payment")
    if means in (BALANCE, CARRIED):
        raise SettlementRefused(f"bill {invoice.number}: {means!r} is what bills take by themselves: name another means")


def _found_again(booked: Settlement, on: date) -> None:
    """What was given up and is paid after all is taken up on a day whose month is open."""
    invoice, operator = booked.invoice, settings.OPERATOR
    take_up(
        invoice=invoice,
        most=max(unpaid(invoice), 0),
        reason=f"paid by {booked.means} after all",
        key=f"settlement {booked.pk}",
        operator=operator,
        on=on,
    )
