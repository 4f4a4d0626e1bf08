"""Numbered bills become rows, a whole chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from msgspec import Raw

from bonafide.billing.issue import Numbered
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.billing.seal import LINE_FIELDS, TAX_FIELDS

_DETAILS = LINE_FIELDS.index("details")


def write_bills(*, bills: Sequence[Numbered]) -> list[int]:
    """Insert bills with their lines and taxes, and return their keys; call within the transaction that numbered them.

    Lines and taxes go first: once a bill is there with its number the database takes no more of them. Foreign keys wait for
    the end of the transaction.
    """
    if not bills:
        return []
    ids = _reserve_ids(len(bills))
    keyed = list(zip(ids, bills, strict=True))
    insert_rows(
        table=InvoiceLine._meta.db_table,
        columns=("invoice_id", *LINE_FIELDS),
        rows=[
            (id_, *line[:_DETAILS], _text(line[_DETAILS]), *line[_DETAILS + 1 :]) for id_, bill in keyed for line in bill.lines
        ],
    )
    insert_rows(
        table=InvoiceTax._meta.db_table,
        columns=("invoice_id", *TAX_FIELDS),
        rows=[(id_, *tax) for id_, bill in keyed for tax in bill.taxes],
    )
    instant = connection.ops.adapt_datetimefield_value(bills[0].invoice["issued_at"])  # one chunk is issued at one instant
    insert_rows(
        table=Invoice._meta.db_table,
        columns=("id", "seal", *bills[0].invoice),
        rows=[_row(id_, bill, instant) for id_, bill in keyed],
    )
    return ids


def _row(id_: int, bill: Numbered, instant: Any) -> tuple[Any, ...]:
    values = {**bill.invoice, "issued_at": instant}
    return (id_, bill.seal, *[_text(value) if type(value) is Raw else value for value in values.values()])


def _reserve_ids(count: int) -> list[int]:
    """Keys for new invoices, so that their lines can be written before them.

    PostgreSQL's sequence gives each key once; on SQLite the open transaction already holds the one write lock.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_invoice', 'id')) FROM generate_series(1, %s)", [count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'billing_invoice'")
        last: int = cursor.fetchone()[0]
        return list(range(last + 1, last + 1 + count))


def insert_rows(*, table: str, columns: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write many rows (at least one) at once: COPY on PostgreSQL, one prepared statement on SQLite."""
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


def _text(json: Raw) -> str:
    """JSON as the text it is kept as."""
    return bytes(json).decode()
