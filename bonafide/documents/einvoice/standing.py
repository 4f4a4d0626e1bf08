"""What an e-invoice says of a bill's place among others, and of what was paid before it was issued.

Frozen at issue like the bill itself, so that the same bill gives the same bytes whenever it is made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bonafide.billing.amend.paid_before import paid_before
from bonafide.billing.models import Correction, Invoice, Replacement


@dataclass(frozen=True)
class Corrected:
    """An earlier bill that this one corrects (BT-25, BT-26)."""

    number: str
    issued_on: date


@dataclass(frozen=True)
class Standing:
    """``corrects`` is one bill for a rectifying invoice (384) and one or more for a credit note (381).

    ``prepaid_minor`` is what was paid before issue (BT-113), ``paid_on`` the day when that came to the whole: what was paid in
    advance is taken on the day of issue.
    """

    corrects: tuple[Corrected, ...] = ()
    prepaid_minor: int = 0
    paid_on: date | None = None


def standing_of(*, invoice: Invoice) -> Standing:
    """What billing froze about ``invoice`` at its issue.

    The one place that knows where: an invoice of a month has neither, a credit note names the bill that it is for, a corrected
    invoice the one that it replaces.
    """
    beside: type[Correction | Replacement] = Replacement if invoice.kind == Invoice.Kind.CORRECTION else Correction
    found = beside._default_manager.filter(document=invoice.pk).values_list("original__number", "original__issued_on")
    return Standing(
        corrects=tuple(Corrected(number, issued_on) for number, issued_on in found if number and issued_on),
        prepaid_minor=paid_before(invoice=invoice),
        paid_on=invoice.issued_on,
    )
