"""A bill as programs read it: one shape for the command and the interface for machines."""

from __future__ import annotations

from typing import TypedDict

from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import Invoice
from bonafide.periods import Month

TYPES = {
    Invoice.Kind.INVOICE: "invoice",
    Invoice.Kind.CREDIT_NOTE: "credit_note",
    Invoice.Kind.CORRECTION: "corrected_invoice",
}


class LineShape(TypedDict):
    """``quantity`` and ``unit_price`` are decimal text; ``meter`` is empty on a line that counts nothing."""

    text: str
    meter: str
    quantity: str
    unit_price: str
    net_minor: int


class BillShape(TypedDict):
    """Amounts are whole minor units of ``currency``; ``number`` is null while nothing is issued."""

    number: str | None
    account: str
    type: str
    month: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    state: str
    lines: list[LineShape]


def bill_as_dict(invoice: Invoice) -> BillShape:
    """The shape of an invoice read ``whole()`` and ``with_state(today)``."""
    return {
        "number": invoice.number,
        "account": invoice.account.reference,
        "type": TYPES[Invoice.Kind(invoice.kind)],
        "month": str(Month.from_key(invoice.month)),
        "currency": invoice.currency,
        "net_minor": invoice.net_minor,
        "tax_minor": invoice.tax_minor,
        "total_minor": invoice.total_minor,
        "state": invoice.state,  # type: ignore[attr-defined]  # annotated by with_state
        "lines": [
            {
                "text": line.text,
                "meter": line.meter,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "net_minor": line.net_minor,
            }
            for line in invoice.lines.all()
        ],
    }


def computed_as_dict(bill: ComputedBill) -> BillShape:
    """The same shape for a bill that is only worked out."""
    return {
        "number": None,
        "account": bill.reference,
        "type": "invoice",
        "month": str(bill.month),
        "currency": bill.currency,
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor,
        "state": "draft",
        "lines": [
            {
                "text": line.text,
                "meter": line.meter,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "net_minor": line.net_minor,
            }
            for line in bill.lines
        ],
    }
