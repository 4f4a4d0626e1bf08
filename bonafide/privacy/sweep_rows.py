"""Erases what rows were promised to hold no longer, in every table that the inventory declares, but for what a hold keeps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.apps import apps
from django.db import DatabaseError, models
from django.db.models import ProtectedError, Q, RestrictedError

from bonafide.holdings import Holding, Kind, Swept, Table
from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.privacy.ends import still_held
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.kept import Held, held_at
from bonafide.privacy.models import SweepRun
from bonafide.privacy.remember import note_sweep
from bonafide.privacy.statutory import begin_statutory_holds
from bonafide.privacy.sweep_batches import in_batches, waiting_shortly
from bonafide.privacy.sweep_plan import Step, steps
from bonafide.privacy.sweep_runs import written_down

logger = logging.getLogger(__name__)


@dataclass
class SweptRows:
    """Counts by table. A second sweep at the same moment finds nothing left to do.

    ``addresses`` are rows whose IP address was erased, ``emptied`` rows that lost something else, ``held`` what was due and
    stayed, ``faults`` what could not be swept, in words.
    """

    addresses: dict[str, int] = field(default_factory=dict)
    emptied: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, dict[str, int]]:
        """As :class:`SweepRun` keeps them."""
        names = dict.fromkeys([*self.addresses, *self.emptied, *self.deleted, *self.held])
        return {
            name: {
                "erased": self.addresses.get(name, 0) + self.emptied.get(name, 0),
                "deleted": self.deleted.get(name, 0),
                "held": self.held.get(name, 0),
            }
            for name in names
        }


def sweep_rows(
    *,
    operator: Operator,
    now: datetime,
    on_batch: Callable[[int], None] = lambda _rows: None,
    tables: Iterable[Table] = TABLES,
) -> SweptRows:
    """Empty or delete every row that is older than the operator promised, unless a hold in force names it.

    It can be killed at any moment and started again: what was erased stays erased, and the rest is found again. A table that
    cannot be swept is named in ``faults``, and keeps no other waiting. What was done is written down (:class:`SweepRun`).

    :param operator: with the values that are in force.
    """
    begin_statutory_holds(operator=operator, now=now)
    swept, held = SweptRows(), held_at(now)
    plan = steps(operator=operator, now=now, tables=tables)
    cutoffs = {step.setting: step.moment for step in plan}
    with written_down(kind=SweepRun.Kind.ROWS, now=now, cutoffs=cutoffs) as told, waiting_shortly():
        for step in plan:
            try:
                _sweep(step, held, swept, now, on_batch)
            except (DatabaseError, ProtectedError, RestrictedError) as error:
                swept.faults.append(f"{step.name}: {str(error).splitlines()[0]}")
                logger.error("a table could not be swept: %s", swept.faults[-1])
        swept.held = _held(plan, held)
        told.counts, told.faults = swept.counts(), swept.faults
    note_sweep(now=now)
    return swept


def _sweep(step: Step, held: Held, swept: SweptRows, now: datetime, on_batch: Callable[[int], None]) -> None:
    done, locked = in_batches(step=step, rows=step.due(held), now=now, on_batch=on_batch)
    counts = swept.deleted if not step.ends.emptied else swept.addresses if step.holding.kind == Kind.ADDRESSES else swept.emptied
    counts[step.name] = counts.get(step.name, 0) + done
    if locked:
        swept.faults.append(f"{step.name}: {locked} rows are locked by another transaction; the next sweep takes them")


def due_rows(
    *,
    operator: Operator,
    now: datetime,
    grace: timedelta = timedelta(0),
    kinds: Iterable[Kind] = tuple(Kind),
    tables: Iterable[Table] = TABLES,
) -> dict[str, int]:
    """By table, how much of these kinds is due and kept by no hold: what the next sweep has to do. Tables without are left out.

    :param grace: what is late by less than this does not count.
    """
    held, wanted, counts = held_at(now), frozenset(kinds), dict[str, int]()
    for step in steps(operator=operator, now=now - grace, tables=tables):
        if step.holding.kind in wanted and (count := step.due(held).count()):
            counts[step.name] = counts.get(step.name, 0) + count
    return counts


def held_rows(*, operator: Operator, now: datetime, tables: Iterable[Table] = TABLES) -> dict[str, int]:
    """By table, how many rows are due and kept by a hold, each once. Tables without any are left out."""
    return _held(steps(operator=operator, now=now, tables=tables), held_at(now))


def _held(plan: list[Step], held: Held) -> dict[str, int]:
    found: dict[type[models.Model], Q] = {}
    for step in plan:
        kept = step.kept(held)
        if kept is not None:
            found[step.model] = found.get(step.model, Q()) | (step.is_old() & kept)
    counts = {model._meta.db_table: model._base_manager.filter(rows).count() for model, rows in found.items()}
    return {name: count for name, count in counts.items() if count}


def address_cutoff(*, operator: Operator, now: datetime) -> datetime:
    """The moment before which no IP address of a person may have been seen, but for what a hold keeps."""
    return months_before(now, operator.retention.ip_months, operator.zone)


def held_addresses(*, tables: Iterable[Table] = TABLES) -> int:
    """How many IP addresses are held."""
    return sum(_filled(table, holding) for table in tables for holding in table.holdings if holding.kind == Kind.ADDRESSES)


def _filled(table: Table, holding: Holding) -> int:
    emptied = holding.ends.emptied if isinstance(holding.ends, Swept) else ()
    return apps.get_model(table.model)._base_manager.filter(still_held(emptied)).count() if emptied else 0
