"""SQL that keeps what VIES answered as it came. One change is let through: what names somebody is emptied, all of it at once.

That VIES was asked for which account, when, and how it ended stays. When a row may be emptied is said in ``inventory``.
"""

from __future__ import annotations

from bonafide import append_only

TABLE = "accounts_vatcheck"
MESSAGE = "what VIES answered never changes: a new check adds a row"
_KEPT = ["id", "account_id", "outcome", "asked_at"]
_EMPTIED = ["number", "consultation_number", "name", "address", "detail"]


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    empty = " AND ".join(f"NEW.{column} = ''" for column in _EMPTIED)
    emptied = f"{empty} AND {append_only.stays(vendor=vendor, columns=_KEPT)}"
    return append_only.install(vendor=vendor, table=TABLE, message=MESSAGE, but=emptied)


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return append_only.remove(vendor=vendor, table=TABLE)
