"""SQL that keeps movements of money at Stripe as they were noted."""

from __future__ import annotations

from bonafide import append_only

_KEPT = {"payments_stripe_movement": "a movement at Stripe stays as it was noted"}


def install(vendor: str) -> list[str]:
    """The statements that set the guard up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return [line for table, said in _KEPT.items() for line in append_only.install(vendor=vendor, table=table, message=said)]


def remove(vendor: str) -> list[str]:
    """The statements that take it away again."""
    return [line for table in _KEPT for line in append_only.remove(vendor=vendor, table=table)]
