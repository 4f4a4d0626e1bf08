"""SQL by which the database keeps credit notes with their bills, and never takes back more than was billed."""

from __future__ import annotations

from bonafide import append_only

TABLE = "billing_correction"
CORRECTED = "a credit note belongs to its bill for ever"
TOO_MUCH = "credit notes never come to more than their bill"
_TOO_MUCH = f"""
    (SELECT total_minor FROM billing_invoice WHERE id = NEW.document_id) + COALESCE((SELECT SUM(total_minor) FROM billing_invoice
    WHERE id IN (SELECT document_id FROM {TABLE} WHERE original_id = NEW.original_id)), 0)
    > (SELECT total_minor FROM billing_invoice WHERE id = NEW.original_id)"""  # noqa: S608 — our own names
_PUSHED_OUT = f"EXISTS (SELECT 1 FROM {TABLE} WHERE document_id = NEW.document_id OR key = NEW.key)"  # noqa: S608


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    kept = append_only.install(vendor=vendor, table=TABLE, message=CORRECTED)
    if vendor == "postgresql":
        body = f"IF {_TOO_MUCH} THEN RAISE EXCEPTION '{TOO_MUCH}'; END IF; RETURN NEW;"
        return [
            *kept,
            f"CREATE FUNCTION {TABLE}_limit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE TRIGGER {TABLE}_limited BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_limit()",
        ]
    return [
        *kept,
        f"CREATE TRIGGER {TABLE}_limited BEFORE INSERT ON {TABLE} WHEN {_TOO_MUCH} BEGIN SELECT RAISE(ABORT, '{TOO_MUCH}'); END",
        f"CREATE TRIGGER {TABLE}_pushed BEFORE INSERT ON {TABLE} WHEN {_PUSHED_OUT}"
        f" BEGIN SELECT RAISE(ABORT, '{CORRECTED}'); END",
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    kept = append_only.remove(vendor=vendor, table=TABLE)
    if vendor == "postgresql":
        return [*kept, f"DROP TRIGGER IF EXISTS {TABLE}_limited ON {TABLE}", f"DROP FUNCTION IF EXISTS {TABLE}_limit()"]
    return [*kept, f"DROP TRIGGER IF EXISTS {TABLE}_limited", f"DROP TRIGGER IF EXISTS {TABLE}_pushed"]
