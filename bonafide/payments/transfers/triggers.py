"""SQL that keeps what banks told, and what was decided about it, as it was written.

What names somebody is emptied, all of it at once, when the law no longer asks to keep it (``inventory``); who decided is emptied
when that login is erased.
"""

from __future__ import annotations

from bonafide import append_only

STATEMENT, MOVEMENT, DECISION = (f"payments_transfers_{name}" for name in ("bankstatement", "movement", "decision"))
_SAID = {
    STATEMENT: "an imported statement stays as it was noted",
    MOVEMENT: "a movement stays as the bank told it: what was decided about it is a row of its own",
    DECISION: "a decision about a movement stays: money that was booked wrongly goes back by a return",
}
# Table -> what never changes, what may be emptied together, what may become NULL by itself.
_COLUMNS: dict[str, tuple[list[str], list[str], str]] = {
    STATEMENT: (
        [
            "id", "iban", "number", "currency", "format", "file", "digest", "position", "opening_minor", "closing_minor",
            "first_on", "last_on", "came", "went", "noted", "imported_at",
        ],
        [],
        "imported_by_id",
    ),
    MOVEMENT: (
        [
            "id", "statement_id", "iban", "bank_reference", "content", "count", "identity", "booked_on", "value_on",
            "amount_minor", "currency", "balance_minor", "returned", "doubt", "alike_id", "noted_at",
        ],
        ["told"],
        "",
    ),
    DECISION: (
        ["id", "movement_id", "kind", "by_itself", "receipt_id", "returned_id", "decided_at"],
        ["reason"],
        "decided_by_id",
    ),
}  # fmt: skip


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    found = []
    for table, columns in _COLUMNS.items():
        found += append_only.install(vendor=vendor, table=table, message=_SAID[table], but=_but(vendor, *columns))
    return found


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [line for table in _COLUMNS for line in append_only.remove(vendor=vendor, table=table)]


def _but(vendor: str, always: list[str], emptied: list[str], who: str) -> str:
    parts = [append_only.stays(vendor=vendor, columns=always)]
    if emptied:
        empty = " AND ".join(f"NEW.{column} = ''" for column in emptied)
        parts.append(f"(({append_only.stays(vendor=vendor, columns=emptied)}) OR ({empty}))")
    if who:
        parts.append(f"(({append_only.stays(vendor=vendor, columns=[who])}) OR NEW.{who} IS NULL)")
    return " AND ".join(parts)
