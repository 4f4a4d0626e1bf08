"""An example of a bill to be paid, for the pictures: the operator's own bank, and a number that no bill has."""

from __future__ import annotations

from bonafide.billing.issue import payment_reference
from bonafide.billing.transfer import Transfer, transfer_of
from bonafide.operator import Operator

NUMBER = "0000-000000"
OPEN_MINOR = 12_00


def example_transfer(*, operator: Operator) -> Transfer | None:
    """What the page of a bill of 12.00 would show; None when the operator named no bank. It has no code to scan."""
    found = transfer_of(
        bank=operator.bank,
        number=NUMBER,
        reference=payment_reference(number=NUMBER),
        open_minor=OPEN_MINOR,
        currency=operator.billing.currency,
    )
    return found
