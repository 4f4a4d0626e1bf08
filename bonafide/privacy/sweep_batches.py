"""Goes through the rows that are due in the order of their age, a short statement in a transaction of its own at a time.

A batch is what lies between two moments of the column that counts, found by its index: the batch before it need not be passed
again. How many rows that is follows from how long the last one took, so that no row is locked for long on a slow machine either.
A row that somebody else has locked is waited for a moment, then left and taken up later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import F, Max, Min, QuerySet
from django.db.models.deletion import Collector

from bonafide.privacy.sweep_plan import Step

BATCH = 10_000  # rows a statement at most
_FIRST, _LEAST = 1_000, 100
_AIM = 0.05  # seconds a batch
_LONGEST_WAIT = "50ms"  # for a row that another transaction has locked; those of the batch are locked meanwhile


@dataclass
class _Pass:
    """One way through the rows: how many were done, and whether some were locked and left."""

    now: datetime
    on_batch: Callable[[int], None]
    done: int = 0
    size: int = _FIRST
    left: bool = False

    def next_size(self) -> int:
        return min(self.size, BATCH)


def in_batches(*, step: Step, rows: QuerySet[Any], now: datetime, on_batch: Callable[[int], None]) -> tuple[int, int]:
    """Empty or delete ``rows`` (what is due of ``step``); how many were done, and how many are locked by others and left.

    It may be killed between any two batches: what was done stays done, and the next call finds the rest.
    """
    once = _go(step, rows, now, on_batch)
    if not once.left:
        return once.done, 0
    again = _go(step, rows, now, on_batch)
    return once.done + again.done, rows.count() if again.left else 0


def _go(step: Step, rows: QuerySet[Any], now: datetime, on_batch: Callable[[int], None]) -> _Pass:
    way = _Pass(now, on_batch)
    (_by_key if step.table.walked else _by_age)(step, rows, way)
    return way


def _by_age(step: Step, rows: QuerySet[Any], way: _Pass) -> None:
    moments = rows.order_by(step.since).values_list(step.since, flat=True)
    start = moments.first()
    while start is not None:
        size = way.next_size()
        end = moments.filter(**{f"{step.since}__gte": start})[size : size + 1].first()
        part = rows.filter(**{f"{step.since}__gte": start})
        if end == start:  # more rows of one moment than a batch takes
            part = _some(rows.filter(**{step.since: start}), size)
        elif end is not None:
            part = part.filter(**{f"{step.since}__lt": end})
        done = _timed(step, part, way)
        if end == start and not done:
            end = moments.filter(**{f"{step.since}__gt": start}).first()
        start = end


def _by_key(step: Step, rows: QuerySet[Any], way: _Pass) -> None:
    """A table without an index by age: from the first key that is due to the last, which one look through it finds.

    The sums keep PostgreSQL from looking for each by the index of keys, which passes the whole table for the last.
    """
    keys = rows.order_by().aggregate(first=Min(F("pk") + 0), last=Max(F("pk") + 0))
    if keys["first"] is None:
        return
    start = keys["first"]
    while start <= keys["last"]:
        end = start + way.next_size()
        _timed(step, rows.filter(pk__gte=start, pk__lt=end), way)
        start = end


def _some(rows: QuerySet[Any], size: int) -> QuerySet[Any]:
    some: QuerySet[Any] = rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")[:size])
    return some


def _timed(step: Step, part: QuerySet[Any], way: _Pass) -> int:
    """Do one batch, and let the next be as large as may take ``_AIM``."""
    begun = time.monotonic()
    done = _shortly(step, part, way)
    if done:
        factor = _AIM / max(time.monotonic() - begun, 0.001)
        way.size = max(_LEAST, round(way.next_size() * min(max(factor, 0.25), 2)))
        way.done += done
        way.on_batch(done)
    return done


def _shortly(step: Step, part: QuerySet[Any], way: _Pass) -> int:
    try:
        with _undone_alone():
            return _act(step, part, way.now)
    except OperationalError as error:
        if not _is_locked(error):
            raise
    way.left = True
    free = part.model._base_manager.filter(pk__in=part.order_by().values("pk")).select_for_update(skip_locked=True)
    try:
        with transaction.atomic():
            return _act(step, part.model._base_manager.filter(pk__in=list(free.values_list("pk", flat=True))), way.now)
    except OperationalError as error:
        if not _is_locked(error):  # what hangs on the rows may be locked too
            raise
        return 0


def _undone_alone() -> AbstractContextManager[Any]:
    """Within somebody's transaction a statement that fails is undone alone."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _act(step: Step, part: QuerySet[Any], now: datetime) -> int:
    """One statement where it can be one: it is its own transaction then, without a way to and fro for its beginning and end."""
    if step.ends.emptied:
        return part.update(**step.given(now))
    if Collector(using=part.db).can_fast_delete(part):
        return int(part._raw_delete(part.db))
    return part.delete()[1].get(step.model._meta.label, 0)


@contextmanager
def waiting_shortly() -> Iterator[None]:
    """Within, this connection gives up waiting for a row that another transaction has locked, where a database locks rows."""
    if connection.vendor != "postgresql":
        yield
        return
    _execute(f"SET lock_timeout = '{_LONGEST_WAIT}'")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _execute("RESET lock_timeout")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _is_locked(error: OperationalError) -> bool:
    """PostgreSQL gave up waiting for a lock (SQLSTATE 55P03)."""
    return getattr(error.__cause__, "sqlstate", "") == "55P03"
