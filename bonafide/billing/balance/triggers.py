"""SQL by which the database keeps grants and charges, and never lets more be taken from a grant than it was.

On PostgreSQL a guard locks the row that it counts for, so that two at the same time cannot both find room.
"""

from __future__ import annotations

from typing import NamedTuple

from bonafide import append_only

KEPT = "what was granted, taken or charged is never rewritten"
TOO_MUCH = "a voucher, credit or advance was used up meanwhile: run it again"
NOT_ITS = "a grant or charge belongs to another account or currency than the bill"
CODE_USED_UP = "the voucher code is used up or was stopped"
WITHDRAWN = "a one-off charge was withdrawn meanwhile: run it again"

_NOT_ITS_BILL = (
    "NOT EXISTS (SELECT 1 FROM billing_invoice i WHERE i.id = NEW.invoice_id AND i.number IS NOT NULL"
    " AND i.account_id = o.account_id AND i.currency = o.currency)"
)


class _Guard(NamedTuple):
    """An insert that is refused when ``when`` holds; ``locked`` is the row that it counts for."""

    table: str
    name: str
    when: str
    message: str
    locked: str = ""


_GUARDS = (
    _Guard(
        "billing_taken",
        "limited",
        "NEW.amount_minor + COALESCE((SELECT SUM(amount_minor) FROM billing_taken WHERE grant_id = NEW.grant_id), 0)"
        " > (SELECT amount_minor FROM billing_grant WHERE id = NEW.grant_id)",
        TOO_MUCH,
        "SELECT 1 FROM billing_grant WHERE id = NEW.grant_id FOR UPDATE",
    ),
    _Guard(
        "billing_taken",
        "its_own",
        f"NEW.invoice_id IS NOT NULL AND EXISTS (SELECT 1 FROM billing_grant o WHERE o.id = NEW.grant_id AND {_NOT_ITS_BILL})",  # noqa: S608 — our own names
        NOT_ITS,
    ),
    _Guard(
        "billing_grant",
        "code",
        "NEW.code_id IS NOT NULL AND EXISTS (SELECT 1 FROM billing_vouchercode c WHERE c.id = NEW.code_id AND"
        " (c.stopped_at IS NOT NULL OR c.redemptions <= (SELECT COUNT(*) FROM billing_grant WHERE code_id = NEW.code_id)))",
        CODE_USED_UP,
        "SELECT 1 FROM billing_vouchercode WHERE id = NEW.code_id FOR UPDATE",
    ),
    _Guard(
        "billing_oneoffbilled",
        "withdrawn",
        "EXISTS (SELECT 1 FROM billing_oneoff WHERE id = NEW.one_off_id AND withdrawn_at IS NOT NULL)",
        WITHDRAWN,
        "SELECT 1 FROM billing_oneoff WHERE id = NEW.one_off_id FOR UPDATE",
    ),
    _Guard(
        "billing_oneoffbilled",
        "its_own",
        f"EXISTS (SELECT 1 FROM billing_oneoff o WHERE o.id = NEW.one_off_id AND {_NOT_ITS_BILL})",  # noqa: S608
        NOT_ITS,
    ),
)
# What SQLite's OR REPLACE would push out besides the row of the same id.
_SAME = {
    "billing_grant": "key = NEW.key OR (code_id = NEW.code_id AND account_id = NEW.account_id)"
    " OR (means <> '' AND means = NEW.means AND reference = NEW.reference) OR document_id = NEW.document_id",
    "billing_taken": "grant_id = NEW.grant_id AND key = NEW.key",
    "billing_vouchercode": "code = NEW.code",
    "billing_oneoff": "key = NEW.key",
    "billing_oneoffbilled": "one_off_id = NEW.one_off_id OR (invoice_id = NEW.invoice_id AND position = NEW.position)",
}
_CODE = [
    *("id", "code", "currency", "amount_minor", "redemptions", "redeem_until", "lasts_months", "plan", "made_by_id", "made_at"),
]
_ONE_OFF = [
    *("id", "account_id", "currency", "quantity", "unit_price", "amount_minor", "text_en", "text_fr", "sort"),
    *("charged_on", "key", "made_by_id", "made_at"),
]


def _but(vendor: str) -> dict[str, str]:
    """The one change that a row may undergo, by table."""
    set_once = "(OLD.{0} IS NULL AND NEW.{0} IS NOT NULL) AND "
    unbilled = "NOT EXISTS (SELECT 1 FROM billing_oneoffbilled WHERE one_off_id = OLD.id) AND "
    return {
        "billing_vouchercode": set_once.format("stopped_at") + append_only.stays(vendor=vendor, columns=_CODE),
        "billing_oneoff": set_once.format("withdrawn_at") + unbilled + append_only.stays(vendor=vendor, columns=_ONE_OFF),
    }


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    but = _but(vendor)
    found = []
    for table in _SAME:
        found += append_only.install(vendor=vendor, table=table, message=KEPT, but=but.get(table, "FALSE"))
    if vendor == "postgresql":
        for guard in _GUARDS:
            name = f"{guard.table}_{guard.name}"
            lock = f"PERFORM {guard.locked.removeprefix('SELECT ')};" if guard.locked else ""
            body = f"{lock} IF {guard.when} THEN RAISE EXCEPTION '{guard.message}'; END IF; RETURN NEW;"
            found += [
                f"CREATE FUNCTION {name}_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
                f"CREATE TRIGGER {name} BEFORE INSERT ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}_check()",
            ]
        return found
    raised = "BEFORE INSERT ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    for guard in _GUARDS:
        event = raised.format(table=guard.table, when=guard.when, message=guard.message)
        found.append(f"CREATE TRIGGER {guard.table}_{guard.name} {event}")
    for table, same in _SAME.items():
        event = raised.format(table=table, when=f"EXISTS (SELECT 1 FROM {table} WHERE {same})", message=KEPT)  # noqa: S608 — our own names
        found.append(f"CREATE TRIGGER {table}_pushed {event}")
    return found


def remove(vendor: str) -> list[str]:
    """The statements that take them away again, for a migration backwards and for tests that tamper."""
    found = [statement for table in _SAME for statement in append_only.remove(vendor=vendor, table=table)]
    for guard in _GUARDS:
        name = f"{guard.table}_{guard.name}"
        if vendor == "postgresql":
            found += [f"DROP TRIGGER IF EXISTS {name} ON {guard.table}", f"DROP FUNCTION IF EXISTS {name}_check()"]
        else:
            found.append(f"DROP TRIGGER IF EXISTS {name}")
    if vendor == "sqlite":
        found += [f"DROP TRIGGER IF EXISTS {table}_pushed" for table in _SAME]
    return found
