"""Which months are closed, so that nothing they were billed by is changed after the fact."""

from __future__ import annotations

from django.db import connection, transaction

from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth


def hold_closed_months() -> tuple[Month, ...]:
    """The closed months in order; no other can be closed until the transaction ends, so that a check against them holds.

    On SQLite the transaction itself holds the one write lock; on PostgreSQL the table is locked against writers.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("hold_closed_months needs a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {ClosedMonth._meta.db_table} IN SHARE MODE")
    return tuple(Month.from_key(key) for key in ClosedMonth.objects.order_by("month").values_list("month", flat=True))
