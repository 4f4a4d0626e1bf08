"""SQL that keeps what was passed on as it was written, for SQLite and PostgreSQL. Age deletes it. Pure.

SQLite's ``OR REPLACE`` writes a row anew without firing update triggers, so there an insert is checked as well.
"""

from __future__ import annotations

from bonafide import append_only

TABLE = "outgoing_passedon"
MESSAGE = "what was passed on is never rewritten"


def install(vendor: str) -> list[str]:
    """The statements that set the guard up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    if vendor == "postgresql":
        return [
            f"CREATE FUNCTION {TABLE}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
            f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_keep()",
        ]
    pushed_out = f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)"  # noqa: S608 - our own names
    return [
        f"CREATE TRIGGER {TABLE}_{name} BEFORE {name.upper()} ON {TABLE} WHEN {when} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for name, when in (("insert", pushed_out), ("update", "1"))
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take it away again."""
    return append_only.remove(vendor=vendor, table=TABLE)
