"""SQL that keeps receipts and returns as they were booked."""

from __future__ import annotations

from bonafide import append_only

_KEPT = {
    "payments_receipt": "a payment stays as it was booked: what went back of it is a row of its own",
    "payments_returned": "a return stays as it was booked",
}


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return [line for table, said in _KEPT.items() for line in append_only.install(vendor=vendor, table=table, message=said)]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [line for table in _KEPT for line in append_only.remove(vendor=vendor, table=table)]
