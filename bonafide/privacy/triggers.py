"""SQL that keeps looks and visits as they were written. Two changes are let through: a visit ends once; an old row is emptied.

Emptying takes the texts and leaves who, whose and when: the declared way for the sweep (``empty_looks``).
"""

from __future__ import annotations

from bonafide import append_only

_LOOK = ["id", "staff_id", "account_id", "person_id", "kind", "view", "at", "visit_id"]
_VISIT = ["id", "staff_id", "account_id", "session_id", "began_at", "minutes"]
_END = ["ended_at", "how_ended"]
_EMPTIED = "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND NEW.reason = ''"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""

    def stays(*columns: str) -> str:
        return append_only.stays(vendor=vendor, columns=list(columns))

    ended = f"OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND {stays(*_VISIT, 'reason', 'emptied_at')}"
    emptied = f"{_EMPTIED} AND {stays(*_VISIT, *_END)}"
    return [
        *append_only.install(
            vendor=vendor,
            table="privacy_look",
            message="what staff looked at is never rewritten",
            but=f"{_EMPTIED} AND NEW.thing = '' AND {stays(*_LOOK)}",
        ),
        *append_only.install(
            vendor=vendor,
            table="privacy_visit",
            message="a visit of staff is never rewritten; it ends once",
            but=f"({ended}) OR ({emptied})",
        ),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [line for table in ("privacy_look", "privacy_visit") for line in append_only.remove(vendor=vendor, table=table)]
