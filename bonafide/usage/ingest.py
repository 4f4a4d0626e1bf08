"""The one writer of usage: events once each, and their running totals, in one transaction and in few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import DatabaseError, connection, transaction

from bonafide.accounts.models import Clock
from bonafide.errors import Refused
from bonafide.pricing.models import Meter
from bonafide.usage.closing import BillMonths, hold_open_months
from bonafide.usage.models import LARGEST_TOTAL, Batch
from bonafide.usage.totals import add_to_totals

# source_id, event_id, account_id, meter_id, occurred_us, day, group_key, subject, quantity, dimensions, position.
# A plain tuple, because a million of them pass here: ``position`` is the sender's number of the row, for answers.
Row = tuple[int, str, int, int, int, int, str, str, int, str, int]

CHUNK = 10_000

_COLUMNS = "source_id, event_id, account_id, meter_id, occurred_us, day, group_key, subject, quantity, dimensions"


class TotalTooLarge(Refused):
    """A running total would leave the range of exact 64-bit integers."""


@dataclass(frozen=True)
class Ingested:
    """What became of a batch. ``differing`` holds positions of rows whose identity was already accepted with other content."""

    batch_id: int
    accepted: int
    duplicates: int
    differing: list[int] = field(default_factory=list)


def ingest(
    *, rows: Iterable[Row], origin: str, now: datetime, rejected: int = 0, test_accounts: Collection[int] = ()
) -> Ingested:
    """Write a batch of checked rows (see :mod:`bonafide.usage.prepare`), all of it or, on any error, nothing.

    The unique key (source, event id) decides what is new, by the insert itself: there is no look before the write that
    could claim an event and then lose it, and no second count of a repeated one. Rows are consumed once and in order; memory
    stays flat on both databases. Only when some rows were not new are those compared with what is stored: same account, meter,
    time and quantity make a duplicate, anything else is reported in ``differing``.

    :param origin: file name or key that brought the batch, kept with it.
    :param rejected: rows that the caller refused before, only to be noted on the batch.
    :param test_accounts: ids of those among the rows' accounts; their own clocks, not the closed months, say what is late.
    :raises TotalTooLarge: when a day's total would pass 4 * 10**18 of its meter's smallest unit.
    """
    try:
        with transaction.atomic():
            return _write(iter(rows), origin, now, rejected, test_accounts)
    except DatabaseError as error:
        if "total_within_64_bits" in str(error) or "out of range" in str(error) or "integer overflow" in str(error):
            raise TotalTooLarge(
                f"{origin}: a day's total would pass {LARGEST_TOTAL} of its meter's smallest unit, the most that is counted "
                "exactly: send this usage under a meter with fewer decimals or a larger unit"
            ) from error
        raise


def _write(rows: Iterator[Row], origin: str, now: datetime, rejected: int, test_accounts: Collection[int]) -> Ingested:
    bill_months = BillMonths(hold_open_months())
    batch = Batch.objects.create(received_at=now, origin=origin[:200], rejected=rejected)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM usage_event")
        floor = cursor.fetchone()[0]
        insert = _insert_postgresql if connection.vendor == "postgresql" else _insert_sqlite
        given, accepted, differing, meters = insert(cursor, rows, batch.pk, bill_months)
        if accepted and test_accounts:
            _by_their_clocks(cursor, floor, batch.pk, test_accounts)
        if accepted:
            add_to_totals(cursor, floor=floor, batch_id=batch.pk, meters=_aggregations(meters))
    done = Ingested(batch.pk, accepted, given - accepted - len(differing), differing)
    Batch.objects.filter(pk=batch.pk).update(
        accepted=done.accepted, duplicates=done.duplicates, rejected=rejected + len(differing)
    )
    return done


def _by_their_clocks(cursor: Any, floor: int, batch_id: int, test_accounts: Collection[int]) -> None:
    """Put fresh usage of test accounts on the bill of its month, or of the first that is not simulated yet.

    Their clocks are held until the transaction ends, so that no month is simulated without what is being written for it.
    """
    ids = ", ".join(f"{pk:d}" for pk in sorted(test_accounts))
    list(Clock.objects.select_for_update().filter(pk__in=test_accounts).order_by("pk"))
    cursor.execute(
        "UPDATE usage_event SET bill_month = (SELECT CASE WHEN usage_event.day / 100 > c.open_month "  # noqa: S608
        "THEN usage_event.day / 100 ELSE c.open_month END FROM accounts_clock c WHERE c.account_id = usage_event.account_id) "
        f"WHERE id > {floor:d} AND batch_id = {batch_id:d} AND account_id IN ({ids})"
    )


def _aggregations(meters: set[int]) -> dict[int, str]:
    return dict(Meter.objects.filter(pk__in=meters).values_list("pk", "aggregation"))


# --- SQLite: one prepared statement, many rows at a time ---

# A statement for every single row costs more than the row itself. SQLite's oldest limit is 999 parameters a statement.
_AT_ONCE = 90


def _insert_sqlite(
    cursor: Any, rows: Iterator[Row], batch_id: int, bill_months: BillMonths
) -> tuple[int, int, list[int], set[int]]:
    given = accepted = 0
    differing: list[int] = []
    meters: set[int] = set()
    while chunk := list(islice(rows, CHUNK)):
        meters.update([row[3] for row in chunk])
        chunk.sort(key=lambda row: row[:2])  # neighbours in the index are written together; first come stays first
        rest = len(chunk) % _AT_ONCE
        new = 0
        for rows_each, some in ((rest, chunk[:rest]), (_AT_ONCE, chunk[rest:])):
            if some:
                cursor.executemany(_statement_sqlite(rows_each, batch_id), _parameters_sqlite(some, rows_each, bill_months))
                new += cursor.rowcount
        given += len(chunk)
        accepted += new
        if new < len(chunk):
            differing += _differing_sqlite(cursor, chunk)
    return given, accepted, differing, meters


def _statement_sqlite(rows: int, batch_id: int) -> str:
    one = f"({'%s, ' * 11}{batch_id:d})"
    return (
        f"INSERT INTO usage_event ({_COLUMNS}, bill_month, batch_id) VALUES {', '.join([one] * rows)} "  # noqa: S608
        "ON CONFLICT (source_id, event_id) DO NOTHING"
    )


def _parameters_sqlite(chunk: list[Row], rows_each: int, bill_months: BillMonths) -> Iterator[list[int | str]]:
    for start in range(0, len(chunk), rows_each):
        found: list[int | str] = []
        for row in chunk[start : start + rows_each]:
            found += row[:10]
            found.append(bill_months[row[5] // 100])
        yield found


def _differing_sqlite(cursor: Any, chunk: list[Row]) -> list[int]:
    """Positions of the rows that are stored with another account, meter, time or quantity."""
    stored: dict[tuple[int, str], tuple[int, int, int, int]] = {}
    for source_id in sorted({row[0] for row in chunk}):
        ids = [row[1] for row in chunk if row[0] == source_id]
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            cursor.execute(
                "SELECT event_id, account_id, meter_id, occurred_us, quantity FROM usage_event "  # noqa: S608
                f"WHERE source_id = %s AND event_id IN ({', '.join(['%s'] * len(some))})",
                [source_id, *some],
            )
            stored.update({(source_id, found[0]): found[1:] for found in cursor.fetchall()})
    return sorted(row[10] for row in chunk if stored[row[:2]] != (row[2], row[3], row[4], row[8]))


# --- PostgreSQL: COPY into a table of this connection, then one statement ---

_STAGED = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_staged (
    source_id bigint, event_id varchar(200) COLLATE "C", account_id bigint, meter_id bigint, occurred_us bigint, day integer,
    group_key varchar(200), subject varchar(200), quantity bigint, dimensions text, position bigint, bill_month integer
) ON COMMIT DELETE ROWS
"""


def _insert_postgresql(
    cursor: Any, rows: Iterator[Row], batch_id: int, bill_months: BillMonths
) -> tuple[int, int, list[int], set[int]]:
    cursor.execute(_STAGED)
    cursor.execute("DELETE FROM usage_staged")  # left by an earlier batch of the same transaction
    given = 0
    meters: set[int] = set()
    with cursor.copy("COPY usage_staged FROM STDIN") as copy:
        while chunk := list(islice(rows, CHUNK)):
            given += len(chunk)
            meters.update([row[3] for row in chunk])
            for row in chunk:
                copy.write_row((*row, bill_months[row[5] // 100]))
    # In the order of the key: two batches that share events wait for each other, and never in a circle.
    cursor.execute(
        f"INSERT INTO usage_event ({_COLUMNS}, bill_month, batch_id) "  # noqa: S608
        f"SELECT {_COLUMNS}, bill_month, %s FROM usage_staged ORDER BY source_id, event_id, position "
        "ON CONFLICT (source_id, event_id) DO NOTHING",
        [batch_id],
    )
    accepted = cursor.rowcount
    differing: list[int] = []
    if accepted < given:
        cursor.execute("ANALYZE usage_staged")
        cursor.execute(
            "SELECT s.position FROM usage_staged s JOIN usage_event e ON e.source_id = s.source_id AND e.event_id = s.event_id "
            "WHERE (e.account_id, e.meter_id, e.occurred_us, e.quantity) <> "
            "(s.account_id, s.meter_id, s.occurred_us, s.quantity) ORDER BY s.position"
        )
        differing = [found[0] for found in cursor.fetchall()]
    return given, accepted, differing, meters
