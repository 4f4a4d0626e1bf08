"""SQL by which the database keeps every closing, and takes no entry with a date in a closed month."""

from __future__ import annotations

from bonafide import append_only

TABLE = "billing_closing"
LEDGER = "billing_posting"
KEPT = "a closed month stays closed, as it was"
CLOSED = "this month of the books is closed: enter it in an open one"
_LAST = f"(SELECT MAX(last_on) FROM {TABLE})"  # noqa: S608 — our own names
_PUSHED_OUT = f"EXISTS (SELECT 1 FROM {TABLE} WHERE position = NEW.position OR month = NEW.month OR last_on = NEW.last_on)"  # noqa: S608


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    kept = append_only.install(vendor=vendor, table=TABLE, message=KEPT)
    if vendor == "postgresql":  # once for all rows that a statement adds
        body = f"IF EXISTS (SELECT 1 FROM added WHERE dated_on <= {_LAST}) THEN RAISE EXCEPTION '{CLOSED}'; END IF; RETURN NULL;"  # noqa: S608
        return [
            *kept,
            f"CREATE FUNCTION {LEDGER}_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE TRIGGER {LEDGER}_in_open_month AFTER INSERT ON {LEDGER} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {LEDGER}_open()",
        ]
    return [
        *kept,
        f"CREATE TRIGGER {TABLE}_pushed BEFORE INSERT ON {TABLE} WHEN {_PUSHED_OUT} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
        f"CREATE TRIGGER {LEDGER}_in_open_month BEFORE INSERT ON {LEDGER} WHEN NEW.dated_on <= {_LAST}"
        f" BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END",
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    kept = append_only.remove(vendor=vendor, table=TABLE)
    if vendor == "postgresql":
        return [
            *kept,
            f"DROP TRIGGER IF EXISTS {LEDGER}_in_open_month ON {LEDGER}",
            f"DROP FUNCTION IF EXISTS {LEDGER}_open()",
        ]
    return [*kept, f"DROP TRIGGER IF EXISTS {TABLE}_pushed", f"DROP TRIGGER IF EXISTS {LEDGER}_in_open_month"]
