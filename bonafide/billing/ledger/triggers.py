"""SQL by which the database keeps every posting as it was written."""

from __future__ import annotations

from bonafide import append_only

TABLE = "billing_posting"
POSTED = "a posting never changes: correct it by another entry"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    statements = append_only.install(vendor=vendor, table=TABLE, message=POSTED)
    if vendor == "sqlite":  # OR REPLACE would push rows out by the other keys as well
        same_step = "step = NEW.step AND source = NEW.source AND line = NEW.line"
        same_place = "year = NEW.year AND entry = NEW.entry AND line = NEW.line"
        statements += [
            f"CREATE TRIGGER {TABLE}_{name} BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {same})"  # noqa: S608 — our own names
            f" BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
            for name, same in (("step", same_step), ("place", same_place))
        ]
    return statements


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    also = [f"DROP TRIGGER IF EXISTS {TABLE}_{name}" for name in ("step", "place")] if vendor == "sqlite" else []
    return append_only.remove(vendor=vendor, table=TABLE) + also
