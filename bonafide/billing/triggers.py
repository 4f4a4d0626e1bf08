"""SQL that makes the database itself refuse to change what was issued, for SQLite and PostgreSQL.

A correction is a new row (a credit note, another settlement). SQLite's ``OR REPLACE`` deletes rows without firing delete
triggers, so there every insert is also checked against the rows it would push out.
"""

from __future__ import annotations

ISSUED = "an issued bill never changes: correct it by a credit note"
SETTLED = "a settlement never changes: book the difference as a new one"
NUMBERED = "a number once given is never given again"

_PARTS = ("billing_invoiceline", "billing_invoicetax")


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    if vendor == "postgresql":
        drops = [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table, _event in _POSTGRESQL_TRIGGERS]
        return drops + [f"DROP FUNCTION IF EXISTS {name}()" for name in _POSTGRESQL_FUNCTIONS]
    return [f"DROP TRIGGER IF EXISTS {name}" for name in _sqlite_triggers()]


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, (event, when, message) in _sqlite_triggers().items()
    ]


def _sqlite_triggers() -> dict[str, tuple[str, str, str]]:
    """Name -> (event, condition, message)."""
    pushed_out = (
        "EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.id AND number IS NOT NULL)"
        " OR (NEW.number IS NOT NULL AND EXISTS (SELECT 1 FROM billing_invoice WHERE number = NEW.number AND id <> NEW.id))"
        " OR (NEW.position IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM billing_invoice WHERE position = NEW.position AND id <> NEW.id))"
        " OR (NEW.kind = '380' AND EXISTS (SELECT 1 FROM billing_invoice WHERE account_id = NEW.account_id"
        " AND month = NEW.month AND kind = '380' AND number IS NOT NULL AND id <> NEW.id))"
    )
    triggers = {
        "billing_invoice_insert": ("INSERT ON billing_invoice", pushed_out, ISSUED),
        "billing_invoice_update": ("UPDATE ON billing_invoice", f"OLD.number IS NOT NULL OR {pushed_out}", ISSUED),
        "billing_invoice_delete": ("DELETE ON billing_invoice", "OLD.number IS NOT NULL", ISSUED),
        "billing_settlement_insert": (
            "INSERT ON billing_settlement",
            "EXISTS (SELECT 1 FROM billing_settlement WHERE id = NEW.id)",
            SETTLED,
        ),
        "billing_settlement_update": ("UPDATE ON billing_settlement", "1", SETTLED),
        "billing_settlement_delete": ("DELETE ON billing_settlement", "1", SETTLED),
        "billing_series_insert": (
            "INSERT ON billing_series",
            "EXISTS (SELECT 1 FROM billing_series WHERE (id = NEW.id OR year = NEW.year))",
            NUMBERED,
        ),
        "billing_series_update": ("UPDATE ON billing_series", "NEW.last < OLD.last OR NEW.year <> OLD.year", NUMBERED),
        "billing_series_delete": ("DELETE ON billing_series", "1", NUMBERED),
    }
    for table in _PARTS:
        issued = "EXISTS (SELECT 1 FROM billing_invoice WHERE id = {row}.invoice_id AND number IS NOT NULL)"
        replaced = (
            f"EXISTS (SELECT 1 FROM {table} part JOIN billing_invoice ON billing_invoice.id = part.invoice_id"  # noqa: S608 — our own names
            " WHERE part.id = NEW.id AND number IS NOT NULL)"
        )
        new, old = issued.format(row="NEW"), issued.format(row="OLD")
        triggers[f"{table}_insert"] = (f"INSERT ON {table}", f"{new} OR {replaced}", ISSUED)
        triggers[f"{table}_update"] = (f"UPDATE ON {table}", f"{new} OR {old} OR {replaced}", ISSUED)
        triggers[f"{table}_delete"] = (f"DELETE ON {table}", old, ISSUED)
    return triggers


_POSTGRESQL_FUNCTIONS = {
    "billing_keep_issued": f"IF OLD.number IS NOT NULL THEN RAISE EXCEPTION '{ISSUED}'; END IF;",
    "billing_keep_parts": f"""
        IF EXISTS (SELECT 1 FROM billing_invoice WHERE id = OLD.invoice_id AND number IS NOT NULL)
        OR TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id AND number IS NOT NULL)
        THEN RAISE EXCEPTION '{ISSUED}'; END IF;""",  # noqa: S608 — our own words
    # once for all rows that a statement adds: asked row by row, this took most of the time of a bill run
    "billing_keep_whole": f"""
        IF EXISTS (SELECT 1 FROM added JOIN billing_invoice ON billing_invoice.id = added.invoice_id WHERE number IS NOT NULL)
        THEN RAISE EXCEPTION '{ISSUED}'; END IF;""",  # noqa: S608 — our own words
    "billing_keep_settlements": f"RAISE EXCEPTION '{SETTLED}';",
    "billing_keep_series": f"""
        IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{NUMBERED}'; END IF;
        IF NEW.last < OLD.last OR NEW.year <> OLD.year THEN RAISE EXCEPTION '{NUMBERED}'; END IF;""",
    "billing_keep_all": f"RAISE EXCEPTION '{ISSUED}';",
}
# (trigger, table, event and function)
_POSTGRESQL_TRIGGERS = [
    (
        "billing_invoice_kept",
        "billing_invoice",
        "BEFORE UPDATE OR DELETE ON billing_invoice FOR EACH ROW EXECUTE FUNCTION billing_keep_issued()",
    ),
    *(
        (
            f"{table}_kept",
            table,
            f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION billing_keep_parts()",
        )
        for table in _PARTS
    ),
    *(
        (
            f"{table}_added",
            table,
            f"AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_whole()",
        )
        for table in _PARTS
    ),
    (
        "billing_settlement_kept",
        "billing_settlement",
        "BEFORE UPDATE OR DELETE ON billing_settlement FOR EACH ROW EXECUTE FUNCTION billing_keep_settlements()",
    ),
    (
        "billing_series_kept",
        "billing_series",
        "BEFORE UPDATE OR DELETE ON billing_series FOR EACH ROW EXECUTE FUNCTION billing_keep_series()",
    ),
    *(
        (f"{table}_whole", table, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_all()")
        for table in ("billing_invoice", *_PARTS, "billing_settlement", "billing_series")
    ),
]


def _postgresql() -> list[str]:
    functions = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} {result} END $$"
        for name, body in _POSTGRESQL_FUNCTIONS.items()
        for result in ["" if body.startswith("RAISE") else "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"]
    ]
    return functions + [f"CREATE TRIGGER {name} {event}" for name, _table, event in _POSTGRESQL_TRIGGERS]
