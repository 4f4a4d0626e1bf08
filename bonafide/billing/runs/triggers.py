"""SQL by which the database keeps who signed what off."""

from __future__ import annotations

from bonafide import append_only

TABLE = "billing_signoff"
SIGNED = "what was signed off stays signed off"


def install(vendor: str) -> list[str]:
    """The statements that set the guard up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return append_only.install(vendor=vendor, table=TABLE, message=SIGNED)


def remove(vendor: str) -> list[str]:
    """The statements that take it away again, for a migration backwards and for tests that tamper."""
    return append_only.remove(vendor=vendor, table=TABLE)
