"""What of the inventory is due at a moment: which rows, since when, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from bonafide.holdings import Holding, Kept, Swept, Table
from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.privacy.ends import as_stored, cutoff, emptied_values, floor_of, still_held
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.kept import Held


@dataclass(frozen=True)
class Step:
    """One holding that ends by its age: rows whose ``since`` is before ``moment`` are due. Without ``emptied`` they go whole.

    ``before`` is ``moment`` as the column keeps it; ``setting`` is the key of the operator's file that says so.
    """

    table: Table
    holding: Holding
    ends: Swept | Kept
    model: type[models.Model]
    setting: str
    moment: datetime
    before: datetime | date | int

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def since(self) -> str:
        return self.ends.since

    def given(self, now: datetime) -> dict[str, Any]:
        """What a row is given by a sweep at that moment; nothing: it is deleted."""
        return emptied_values(self.ends.emptied, now=now)

    def is_old(self) -> Q:
        """That a row is old enough and has not been emptied, held or not."""
        return Q(**{f"{self.since}__lt": self.before}) & still_held(self.ends.emptied)

    def kept(self, held: Held) -> Q | None:
        """Which of them a hold keeps. A row that goes whole takes everything in it along: any of its holdings may be held."""
        if self.ends.emptied:
            return held.rows(self.holding)
        kept = Q()
        for other in self.table.holdings:
            named = held.rows(other)
            if named is not None:
                # What was emptied already needs no keeping.
                kept |= named & (still_held(other.ends.emptied) if isinstance(other.ends, Swept | Kept) else Q())
        return kept or None

    def due(self, held: Held) -> QuerySet[Any]:
        kept, old = self.kept(held), self.model._base_manager.filter(self.is_old())
        return old if kept is None else old.exclude(kept)


def steps(*, operator: Operator, now: datetime, tables: Iterable[Table] = TABLES) -> list[Step]:
    """What the operator's numbers ask for at this moment; of each table first what goes whole, which leaves less to empty."""
    found = []
    for table in tables:
        whole_first = sorted(table.holdings, key=lambda holding: bool(getattr(holding.ends, "emptied", ())))
        found += [step for holding in whole_first if (step := _step(table, holding, operator, now))]
    return found


def _step(table: Table, holding: Holding, operator: Operator, now: datetime) -> Step | None:
    ends = holding.ends
    if not isinstance(ends, Swept | Kept) or not ends.since or not table.model:
        return None
    if isinstance(ends, Swept):
        setting, moment = ends.setting, cutoff(ends=ends, operator=operator, now=now)
    else:
        floor = floor_of(ends.floor, operator)
        if floor is None:
            return None
        setting, moment = f"retention.floors.{ends.floor}", months_before(now, floor.months, operator.zone)
    model = apps.get_model(table.model)
    return Step(table, holding, ends, model, setting, moment, as_stored(moment, ends.unit, operator.zone))
