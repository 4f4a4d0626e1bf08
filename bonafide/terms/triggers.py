"""SQL that keeps attestations as they were signed. One change is let through: the name and the capacity are emptied, together.

What was attested, from when to when, stays. When a row may be emptied is said in ``inventory``.
"""

from __future__ import annotations

from bonafide import append_only

TABLE = "terms_attestation"
MESSAGE = "an attestation never changes: a new one follows it"
_KEPT = ["id", "clause", '"on"', "until"]  # "on" is a word of SQL


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    emptied = f"NEW.\"by\" = '' AND NEW.capacity = '' AND {append_only.stays(vendor=vendor, columns=_KEPT)}"
    return append_only.install(vendor=vendor, table=TABLE, message=MESSAGE, but=emptied)


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return append_only.remove(vendor=vendor, table=TABLE)
