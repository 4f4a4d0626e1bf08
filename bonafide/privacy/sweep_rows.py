"""Erases what rows were promised to hold no longer: in batches of one short statement each, so that nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.privacy.remember import note_sweep
from bonafide.sessions.inventory import ADDRESSES, AddressColumn
from bonafide.sessions.models import Session, SignIn
from bonafide.sign_in.models import KnownBrowser

BATCH = 5_000


@dataclass
class SweptRows:
    """Counts by table. A second sweep at the same moment finds nothing left to do."""

    addresses: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)


def sweep_rows(*, operator: Operator, now: datetime, on_batch: Callable[[int], None] = lambda _rows: None) -> SweptRows:
    """Erase every IP address, and every row of history, that is older than the operator promised.

    It can be killed at any moment and started again: what was erased stays erased, and the rest is found again.
    """
    swept = SweptRows()
    cutoff = address_cutoff(operator=operator, now=now)
    for column in ADDRESSES:
        swept.addresses[column.model._meta.db_table] = _in_batches(_due(column, cutoff), _emptier(column), on_batch)
    gone = months_before(now, operator.retention.history_months, operator.zone)
    for rows in (
        SignIn.objects.filter(at__lt=gone).order_by("at"),
        Session.objects.filter(ended_at__lt=gone).order_by("ended_at"),
        KnownBrowser.objects.filter(last_seen_at__lt=gone).order_by("last_seen_at"),
    ):
        swept.deleted[rows.model._meta.db_table] = _in_batches(rows, lambda batch: batch.delete()[0], on_batch)
    note_sweep(now=now)
    return swept


def address_cutoff(*, operator: Operator, now: datetime) -> datetime:
    """The moment before which no IP address of a person may have been seen."""
    return months_before(now, operator.retention.ip_months, operator.zone)


def held_addresses() -> int:
    """How many IP addresses are held."""
    return sum(column.model._default_manager.exclude(**{column.column: None}).count() for column in ADDRESSES)


def _emptier(column: AddressColumn) -> Callable[[QuerySet[Any]], int]:
    return lambda batch: batch.update(**dict(column.emptied))


def _due(column: AddressColumn, cutoff: datetime) -> QuerySet[Any]:
    rows = column.model._default_manager.filter(**{f"{column.seen_at}__lt": cutoff}).exclude(**{column.column: None})
    return rows.order_by(column.seen_at)


def _in_batches(rows: QuerySet[Any], act: Callable[[QuerySet[Any]], int], on_batch: Callable[[int], None]) -> int:
    done = 0
    while count := act(rows.model._default_manager.filter(pk__in=rows.values("pk")[:BATCH])):
        done += count
        on_batch(count)
        if count < BATCH:
            break
    return done
