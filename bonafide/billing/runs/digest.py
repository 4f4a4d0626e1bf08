"""The figures of a bill as one digest: what is signed off, and what the issued bill must come to."""

from __future__ import annotations

from hashlib import sha256

from bonafide.billing.computed import ComputedBill
from bonafide.billing.seal import canonical

# Words in the customer's language: somebody who changes their language after the sign-off stops no run.
WORDS = frozenset({"text", "details", "reason"})


def digest_of(bill: ComputedBill) -> str:
    """SHA-256 over the bill's currency, its treatment, every figure of its lines and taxes, in their order, and what was paid."""
    content = {
        "currency": bill.currency,
        "treatment": [bill.treatment.key, bill.treatment.taxed_in],
        "lines": [_figures(line._asdict()) for line in bill.lines],
        "taxes": [_figures(tax._asdict()) for tax in bill.taxes],
        "total": [bill.net_minor, bill.tax_minor, bill.total_minor, bill.prepaid_minor],
    }
    return sha256(bytes(canonical(content))).hexdigest()


def _figures(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in WORDS}
