"""Money that settles a bill, booked once however often it is told."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger.post import BALANCE, post_settlement
from bonafide.billing.models import Invoice, Settlement
from bonafide.errors import Refused


class SettlementRefused(Refused):
    """Money that cannot be booked on this bill."""


def settle(
    *, invoice: Invoice, amount_minor: int, received_on: date, means: str, reference: str, now: datetime | None = None
) -> Settlement:
    """Book ``amount_minor`` of the bill's currency on it; negative for money that went back.

    ``means`` and ``reference`` together are the payment's identity (the bank's or the provider's own id of it): booking the
    same again returns the row that is there. It is posted to the ledger in the same transaction, final from ``now`` on, by
    default from the day it was received.

    :raises SettlementRefused: on a draft, for an amount of zero, without a reference, or when the same payment is already
        booked on another bill or with another amount.
    """
    if invoice.number is None:
        raise SettlementRefused(f"draft {invoice.pk} is not issued: only an issued bill can be settled")
    if not amount_minor:
        raise SettlementRefused(f"bill {invoice.number}: an amount of 0 settles nothing")
    if not means or not reference:
        raise SettlementRefused(f"bill {invoice.number}: expected the means and the reference of the payment")
    if means == BALANCE:
        raise SettlementRefused(f"bill {invoice.number}: {BALANCE!r} is what bills take by themselves: name another means")
    with transaction.atomic():
        lock_numbers()
        booked, made = Settlement.objects.get_or_create(
            means=means,
            reference=reference,
            defaults={"invoice": invoice, "amount_minor": amount_minor, "received_on": received_on},
        )
        if made:
            post_settlement(settlement=booked, operator=settings.OPERATOR, now=now)
    if not made and (booked.invoice_id, booked.amount_minor) != (invoice.pk, amount_minor):
        raise SettlementRefused(
            f"payment {reference} ({means}) is already booked: {booked.amount_minor} on bill {booked.invoice.number}"
        )
    return booked
