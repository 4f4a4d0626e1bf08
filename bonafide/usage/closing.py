"""The closing of a month, kept apart from usage that is being written at the same moment."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth

# Number of the advisory lock on PostgreSQL; any number will do as long as nothing else in the database uses it.
_LOCK = 7_246_001


def close_month(*, month: Month, now: datetime) -> None:
    """From here on usage of ``month`` is late: it goes on the bill of the first month after it that is still open.

    Waits for batches that are being written; those that come after see the month closed. A second call changes nothing.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        # On SQLite the transaction itself is the lock: it holds the only right to write from its first statement on.
        ClosedMonth.objects.get_or_create(month=month.key, defaults={"closed_at": now})


def hold_open_months() -> frozenset[int]:
    """The closed months (YYYYMM); until the transaction of the caller ends, no other month is closed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    return frozenset(ClosedMonth.objects.values_list("month", flat=True))


class BillMonths(dict[int, int]):
    """The month whose bill takes usage of a month (both YYYYMM): itself, or the first open one after it."""

    def __init__(self, closed: frozenset[int]) -> None:
        super().__init__()
        self._closed = closed

    def __missing__(self, month: int) -> int:
        found = Month.from_key(month)
        while found.key in self._closed:
            found = found.next()
        self[month] = found.key
        return found.key
