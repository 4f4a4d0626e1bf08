"""SQL that keeps evidence of places as it was written, and questions but for the one decision that each is given."""

from __future__ import annotations

from bonafide import append_only

_ASKED = ["id", "account_id", "items", "digest", "month", "asked_at"]


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    same = append_only.stays(vendor=vendor, columns=_ASKED)
    return [
        *append_only.install(
            vendor=vendor, table="billing_locationevidence", message="evidence for a place is never rewritten: add what is new"
        ),
        *append_only.install(
            vendor=vendor,
            table="billing_locationquestion",
            message="a question of place is decided once and never rewritten",
            but=f"OLD.decided_at IS NULL AND NEW.decided_at IS NOT NULL AND {same}",
        ),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    tables = ("billing_locationevidence", "billing_locationquestion")
    return [line for table in tables for line in append_only.remove(vendor=vendor, table=table)]
