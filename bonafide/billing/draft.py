"""Computed bills become drafts: rows without a number, which only the transaction that numbers them ever sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from msgspec import Raw

from bonafide.billing.computed import ComputedBill
from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.billing.seal import LINE_FIELDS, TAX_FIELDS, canonical
from bonafide.operator import Operator

_NOTHING = canonical([])


class Draft(NamedTuple):
    """The rows of one draft as they are written and sealed: JSON columns as canonical text, days as ISO 8601.

    ``invoice`` is by column, lines and taxes are in the order of ``LINE_FIELDS`` and ``TAX_FIELDS``.
    """

    id: int
    invoice: dict[str, Any]
    lines: list[tuple[Any, ...]]
    taxes: Sequence[tuple[Any, ...]]


def write_drafts(*, bills: Sequence[ComputedBill], operator: Operator, due_on: date) -> list[Draft]:
    """Insert the bills as drafts; call within the transaction that numbers them.

    ``due_on`` is the day they will have to be paid by, which the sentences on them name.
    """
    drafts = [_draft(id_, bill, operator, due_on) for id_, bill in zip(_reserve_ids(len(bills)), bills, strict=True)]
    if not drafts:
        return drafts
    columns = ("id", *drafts[0].invoice, "payment_reference", "seal")
    _insert(
        Invoice._meta.db_table,
        columns,
        [(draft.id, *(_plain(value) for value in draft.invoice.values()), "", "") for draft in drafts],
    )
    _insert(
        InvoiceLine._meta.db_table,
        ("invoice_id", *LINE_FIELDS),
        [(draft.id, *line[:-1], _plain(line[-1])) for draft in drafts for line in draft.lines],
    )
    _insert(
        InvoiceTax._meta.db_table,
        ("invoice_id", *TAX_FIELDS),
        [(draft.id, *tax) for draft in drafts for tax in draft.taxes],
    )
    return drafts


def _draft(id_: int, bill: ComputedBill, operator: Operator, due_on: date) -> Draft:
    mentions = mentions_of(
        operator=operator,
        language=bill.language,
        kind=str(bill.buyer["kind"]),
        categories=tuple(tax.category for tax in bill.taxes),
        owed=bill.total_minor > 0,
        due_on=due_on,
    )
    invoice = {
        "account_id": bill.account_id,
        "kind": "380",
        "month": bill.month.key,
        "currency": bill.currency,
        "language": bill.language,
        "seller": bill.seller,
        "buyer": canonical(bill.buyer),
        "mentions": _sentences(mentions),
        "period_start_on": bill.month.first_day.isoformat(),
        "period_end_on": bill.month.last_day.isoformat(),
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor,
        "tax_home_minor": bill.tax_home_minor,
        "exchange": None if bill.exchange is None else canonical(bill.exchange),
        "trial": operator.service.trial,
    }
    lines = [
        # a computed line is in the order of the columns, but for its position and its details as JSON
        (position, *line[:-1], canonical(line.details) if line.details else _NOTHING)
        for position, line in enumerate(bill.lines, start=1)
    ]
    return Draft(id_, invoice, lines, sorted(bill.taxes))


@lru_cache(maxsize=256)
def _sentences(mentions: tuple[str, ...]) -> Raw:
    return canonical(mentions)


def _reserve_ids(count: int) -> list[int]:
    """Keys for new invoices, so that their lines can be written without asking for each one back.

    PostgreSQL's sequence gives each key once; on SQLite the open transaction already holds the one write lock.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_invoice', 'id')) FROM generate_series(1, %s)", [count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'billing_invoice'")
        last: int = cursor.fetchone()[0]
        return list(range(last + 1, last + 1 + count))


def _insert(table: str, columns: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write many rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # COPY goes past Django, which would have turned the driver's errors into its own.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 — our own names


def _plain(value: Any) -> Any:
    """JSON as the text it is kept as; everything else as it is."""
    return bytes(value).decode() if isinstance(value, Raw) else value
