"""What bills use is written down with them, in the transaction of their issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bonafide.billing.balance.models import OneOffBilled, Taken
from bonafide.billing.computed import ComputedBill
from bonafide.billing.ledger.post import BALANCE, Issued, paid_in_advance, write_entries
from bonafide.billing.models import Settlement
from bonafide.operator import Operator


def take_for_bills(*, bills: Sequence[ComputedBill], issued: Sequence[Issued], operator: Operator, now: datetime) -> None:
    """Note what was used of grants, what money in advance settled, and which charge is on which line; four inserts at most.

    Call it within the transaction that wrote the bills, once they are posted.

    :raises django.db.DatabaseError: when a grant has less left by now, or a charge is billed or withdrawn.
    """
    taken, charged, paid = [], [], []
    for bill, row in zip(bills, issued, strict=True):
        if not (bill.discounts or bill.payments or bill.one_offs):
            continue
        known = {"kind": Taken.Kind.USE, "invoice_id": row.id, "taken_on": row.issued_on, "key": row.number, "made_at": now}
        taken += [Taken(grant_id=use.grant_id, amount_minor=use.minor, **known) for use in (*bill.discounts, *bill.payments)]
        charged += [OneOffBilled(one_off_id=pk, invoice_id=row.id, position=position) for pk, position in bill.one_offs]
        if bill.prepaid_minor:
            paid.append((row, _settlement(row, bill.prepaid_minor)))
    if taken:
        Taken.objects.bulk_create(taken)
    if charged:
        OneOffBilled.objects.bulk_create(charged)
    if paid:
        Settlement.objects.bulk_create([settlement for _row, settlement in paid])
        write_entries(entries=[paid_in_advance(bill=row, settlement=one, operator=operator) for row, one in paid])


def _settlement(bill: Issued, minor: int) -> Settlement:
    known = {"means": BALANCE, "reference": bill.number, "received_on": bill.issued_on}
    return Settlement(invoice_id=bill.id, amount_minor=minor, **known)
