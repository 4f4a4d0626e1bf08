"""SQL by which the database keeps what became of bills, and refuses what cannot be.

On a replaced bill nothing is owed, so it is neither paid, credited nor given up; credit notes never come to more than their bill
at any rate; no more is given up than is unpaid.
"""

from __future__ import annotations

from typing import NamedTuple

from bonafide import append_only

REPLACED = "nothing is owed on a bill that was replaced: see the one in its place"
NOT_ITS_PLACE = "a corrected invoice replaces one issued bill of the same account, month and currency"
LEFT_BEHIND = "what was paid on a bill, or given up, goes over before it is replaced"
BEYOND = "a corrected invoice comes to no more than credit notes left of its bill"
TOO_MUCH = "credit notes never come to more than their bill at any rate"
NOT_LOST = "no more is given up of a bill than is unpaid"
KEPT = {
    "billing_creditedline": "what a credit note took back stays as it is",
    "billing_replacement": "a bill that replaces another does so for ever",
    "billing_loss": "what was given up stays written down: take it up again by another row",
}
# Unique keys by which SQLite's OR REPLACE would push rows out.
_KEYS = {
    "billing_creditedline": "correction_id = NEW.correction_id AND position = NEW.position",
    "billing_replacement": "document_id = NEW.document_id OR original_id = NEW.original_id OR key = NEW.key",
    "billing_loss": "key = NEW.key",
}
_PAID = "COALESCE((SELECT SUM(amount_minor) FROM billing_settlement WHERE invoice_id = {row}), 0)"
_LOST = "COALESCE((SELECT SUM(amount_minor) FROM billing_loss WHERE invoice_id = {row}), 0)"
_CREDITED = """COALESCE((SELECT SUM(note.{column}) FROM billing_invoice note JOIN billing_correction
    ON billing_correction.document_id = note.id WHERE billing_correction.original_id = {row}), 0)"""


class _Guard(NamedTuple):
    """An insert that is refused."""

    name: str
    table: str
    when: str
    message: str


def _replaced(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM billing_replacement WHERE original_id = NEW.{row})"  # noqa: S608 — our own names


_FITS = """NOT EXISTS (SELECT 1 FROM billing_invoice document JOIN billing_invoice original
    ON original.account_id = document.account_id AND original.month = document.month AND original.currency = document.currency
    AND original.position < document.position
    WHERE document.id = NEW.document_id AND original.id = NEW.original_id AND document.kind = '384'
    AND original.kind IN ('380', '384'))"""


def _beyond(column: str) -> str:
    return f"""(SELECT {column} FROM billing_invoice WHERE id = NEW.document_id)
    > (SELECT {column} FROM billing_invoice WHERE id = NEW.original_id)
    - {_CREDITED.format(column=column, row="NEW.original_id")}"""  # noqa: S608 — our own names


# Net and total: with another tax, either may rise by itself.
_BEYOND = f"""EXISTS (SELECT 1 FROM billing_correction WHERE original_id = NEW.original_id)
    AND {_beyond("net_minor")} AND {_beyond("total_minor")}"""  # noqa: S608 — our own names
_BY_RATE = """EXISTS (SELECT 1 FROM billing_invoicetax part WHERE part.invoice_id = NEW.document_id
    AND ABS(part.base_minor + COALESCE((SELECT SUM(done.base_minor) FROM billing_invoicetax done JOIN billing_correction earlier
        ON earlier.document_id = done.invoice_id WHERE earlier.original_id = NEW.original_id
        AND done.category = part.category AND done.rate = part.rate), 0))
    > ABS(COALESCE((SELECT whole.base_minor FROM billing_invoicetax whole WHERE whole.invoice_id = NEW.original_id
        AND whole.category = part.category AND whole.rate = part.rate), 0)))"""
_LOSS = f"""NEW.amount_minor + {_LOST.format(row="NEW.invoice_id")} < 0
    OR NEW.amount_minor > 0 AND NEW.amount_minor + {_LOST.format(row="NEW.invoice_id")}
    > (SELECT total_minor FROM billing_invoice WHERE id = NEW.invoice_id AND kind <> '381' AND number IS NOT NULL)
    - {_PAID.format(row="NEW.invoice_id")} - {_CREDITED.format(column="total_minor", row="NEW.invoice_id")}"""  # noqa: S608
_GUARDS = (
    _Guard("billing_replacement_fits", "billing_replacement", _FITS, NOT_ITS_PLACE),
    _Guard(
        "billing_replacement_carried",
        "billing_replacement",
        f"{_PAID.format(row='NEW.original_id')} <> 0 OR {_LOST.format(row='NEW.original_id')} <> 0",
        LEFT_BEHIND,
    ),
    _Guard("billing_replacement_within", "billing_replacement", _BEYOND, BEYOND),
    _Guard("billing_settlement_owed", "billing_settlement", _replaced("invoice_id"), REPLACED),
    _Guard("billing_correction_owed", "billing_correction", _replaced("original_id"), REPLACED),
    _Guard("billing_correction_by_rate", "billing_correction", _BY_RATE, TOO_MUCH),
    _Guard("billing_loss_owed", "billing_loss", _replaced("invoice_id"), REPLACED),
    _Guard("billing_loss_within", "billing_loss", _LOSS, NOT_LOST),
)


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    statements = [
        statement
        for table, message in KEPT.items()
        for statement in append_only.install(vendor=vendor, table=table, message=message)
    ]
    for guard in _GUARDS:
        statements += _postgresql(guard) if vendor == "postgresql" else [_sqlite(guard)]
    if vendor == "sqlite":
        statements += [
            _sqlite(_Guard(f"{table}_pushed", table, f"EXISTS (SELECT 1 FROM {table} WHERE {same})", KEPT[table]))  # noqa: S608
            for table, same in _KEYS.items()
        ]
    return statements


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    statements = [statement for table in KEPT for statement in append_only.remove(vendor=vendor, table=table)]
    if vendor == "postgresql":
        for guard in _GUARDS:
            statements.append(f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}")
            statements.append(f"DROP FUNCTION IF EXISTS {guard.name}()")
        return statements
    return [
        *statements,
        *(f"DROP TRIGGER IF EXISTS {guard.name}" for guard in _GUARDS),
        *(f"DROP TRIGGER IF EXISTS {table}_pushed" for table in _KEYS),
    ]


def _sqlite(guard: _Guard) -> str:
    return (
        f"CREATE TRIGGER {guard.name} BEFORE INSERT ON {guard.table} WHEN {guard.when}"
        f" BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _postgresql(guard: _Guard) -> list[str]:
    body = f"IF {guard.when} THEN RAISE EXCEPTION '{guard.message}'; END IF; RETURN NEW;"
    return [
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE TRIGGER {guard.name} BEFORE INSERT ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {guard.name}()",
    ]
