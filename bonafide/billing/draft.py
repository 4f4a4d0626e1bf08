"""Computed bills become drafts: rows without a number, which only the transaction that numbers them ever sees."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from bonafide.billing.computed import ComputedBill
from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.operator import Operator


@dataclass(frozen=True)
class Draft:
    """The rows of one draft by column, as they are written and as they will be sealed."""

    id: int
    invoice: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    taxes: tuple[dict[str, Any], ...]


def write_drafts(*, bills: Sequence[ComputedBill], operator: Operator, due_on: date) -> tuple[Draft, ...]:
    """Insert the bills as drafts; call within the transaction that numbers them.

    ``due_on`` is the day they will have to be paid by, which the sentences on them name.
    """
    ids = _reserve_ids(len(bills))
    drafts = tuple(_draft(id_, bill, operator, due_on) for id_, bill in zip(ids, bills, strict=True))
    _insert(Invoice._meta.db_table, ({"id": draft.id, **draft.invoice} for draft in drafts))
    _insert(InvoiceLine._meta.db_table, ({"invoice_id": draft.id, **line} for draft in drafts for line in draft.lines))
    _insert(InvoiceTax._meta.db_table, ({"invoice_id": draft.id, **tax} for draft in drafts for tax in draft.taxes))
    return drafts


def _draft(id_: int, bill: ComputedBill, operator: Operator, due_on: date) -> Draft:
    invoice: dict[str, Any] = {
        "account_id": bill.account_id,
        "kind": str(Invoice.Kind.INVOICE),
        "month": bill.month.key,
        "currency": bill.currency,
        "language": bill.language,
        "seller": bill.seller,
        "buyer": bill.buyer,
        "mentions": mentions_of(
            operator=operator,
            language=bill.language,
            kind=str(bill.buyer["kind"]),
            categories=tuple(tax.category for tax in bill.taxes),
            owed=bill.total_minor > 0,
            due_on=due_on,
        ),
        "period_start_on": bill.month.first_day,
        "period_end_on": bill.month.last_day,
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor,
        "tax_home_minor": bill.tax_home_minor,
        "exchange": bill.exchange,
        "trial": operator.service.trial,
        "payment_reference": "",
        "seal": "",
    }
    lines = tuple(
        {
            "position": position,
            "text": line.text,
            "meter": line.meter,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price": line.unit_price,
            "net_minor": line.net_minor,
            "details": list(line.details),
        }
        for position, line in enumerate(bill.lines, start=1)
    )
    taxes = tuple(
        {
            "category": tax.category,
            "rate": tax.rate,
            "base_minor": tax.base_minor,
            "tax_minor": tax.tax_minor,
            "reason_code": tax.reason_code,
            "reason": tax.reason,
        }
        for tax in bill.taxes
    )
    return Draft(id_, invoice, lines, taxes)


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


def _insert(table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows that all have the same columns: COPY on PostgreSQL, one prepared statement on SQLite."""
    rows = list(rows)
    if not rows:
        return
    plain = [tuple(_column(value) for value in row.values()) for row in rows]
    names = ", ".join(rows[0])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # COPY goes past Django, which would have turned the driver's errors into its own.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for values in plain:
                    copy.write_row(values)
            return
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", plain)  # noqa: S608 — our own names


def _column(value: Any) -> Any:
    """JSON as text, and dates as both databases read them."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, date) else value
