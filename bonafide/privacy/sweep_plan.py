"""What of the inventory is due at a moment: which rows, since when, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from bonafide.holdings import Holding, Kept, Kind, Swept, Table
from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.kept import Held

Cutoff = datetime | date | int


class BadInventory(Exception):
    """A declaration that no sweep can follow; the text names it. A mistake of ours, found by the tests."""


@dataclass(frozen=True)
class Step:
    """One holding that ends by its age: rows whose ``since`` is before ``moment`` are due. Without ``emptied`` they go whole."""

    table: Table
    holding: Holding
    model: type[models.Model]
    setting: str
    since: str
    emptied: tuple[tuple[str, Any], ...]
    moment: datetime
    cutoff: Cutoff

    def given(self, now: datetime) -> dict[str, Any]:
        """What a row is given by a sweep at that moment."""
        return {column: now if isinstance(value, Now) else value for column, value in self.emptied}

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def is_old(self) -> Q:
        """That a row is old enough and has not been emptied, held or not."""
        return Q(**{f"{self.since}__lt": self.cutoff}) & (self.is_full() if self.emptied else Q())

    def is_full(self) -> Q:
        """That a row still has something of what is taken from it. ``since`` is left out: it is compared already."""
        marks = [column for column, value in self.emptied if isinstance(value, Now)]
        if marks:
            return Q(**{f"{marks[0]}__isnull": True})
        full = Q()
        for column, value in self.emptied:
            if column != self.since:
                full |= ~Q(**{column: value})
        return full

    def kept(self, held: Held) -> Q | None:
        """Which of them a hold keeps. A row that goes whole takes everything in it along: any of its holdings may be held."""
        if self.emptied:
            return held.rows(self.holding)
        kept = Q()
        for other in self.table.holdings:
            named = held.rows(other)
            if named is not None:
                kept |= named & _is_there(other, self)
        return kept or None

    def due(self, held: Held) -> QuerySet[Any]:
        kept, old = self.kept(held), self.model._base_manager.filter(self.is_old())
        return old if kept is None else old.exclude(kept)


def _is_there(other: Holding, step: Step) -> Q:
    """That the other holding has not been emptied already; always so for one that is not emptied by its age."""
    if isinstance(other.ends, Swept) and other.ends.emptied:
        return Step(step.table, other, step.model, "", other.ends.since, other.ends.emptied, step.moment, step.cutoff).is_full()
    return Q()


def steps(*, operator: Operator, now: datetime, tables: Iterable[Table] = TABLES) -> list[Step]:
    """What the operator's numbers ask for at this moment; of each table first what goes whole, which leaves less to empty.

    :raises BadInventory:
    """
    found = []
    for table in tables:
        whole_first = sorted(table.holdings, key=lambda holding: bool(getattr(holding.ends, "emptied", ())))
        found += [step for holding in whole_first if (step := _step(table, holding, operator, now))]
    return found


def _step(table: Table, holding: Holding, operator: Operator, now: datetime) -> Step | None:
    ends = holding.ends
    if not isinstance(ends, Swept | Kept) or not ends.since:
        return None
    if isinstance(ends, Swept):
        setting, moment = ends.setting, cutoff_of(operator=operator, setting=ends.setting, now=now)
    else:
        months = floor_months(operator, ends.floor)
        if months is None:
            return None
        setting, moment = f"retention.floors.{ends.floor}", months_before(now, months, operator.zone)
    model = apps.get_model(table.model)
    cutoff = _as_stored(_field(model, ends.since), moment, operator)
    return Step(table, holding, model, setting, ends.since, ends.emptied, moment, cutoff)


def cutoff_of(*, operator: Operator, setting: str, now: datetime) -> datetime:
    """The moment before which nothing may be left by a setting, such as ``retention.ip_months``.

    Months are those of the calendar in the operator's time zone, days are of 24 hours.

    :raises BadInventory: for a setting that counts neither months nor days.
    """
    value: Any = operator
    for name in setting.split(".") if "." in setting else ("retention", setting):
        value = getattr(value, name)
    if setting.endswith("_months"):
        return months_before(now, int(value), operator.zone)
    if setting.endswith("days"):
        return now - timedelta(days=int(value))
    raise BadInventory(f"{setting}: expected a setting whose name ends in _months or _days")


def floor_months(operator: Operator, kind: Kind) -> int | None:
    """For how many months the law asks to keep this kind after the event itself or the end; None where it does not."""
    return max((floor.months for floor in operator.retention.floors if floor.data == kind), default=None)


def _field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    """The column at the end of a lookup.

    :raises BadInventory:
    """
    found: Any = None
    at: Any = model
    for name in path.split("__"):
        try:
            found = at._meta.get_field(name)
        except FieldDoesNotExist:
            raise BadInventory(f"{model._meta.label}: {path} leads to no column") from None
        at = found.related_model
    return found  # type: ignore[no-any-return]


def _as_stored(field: models.Field[Any, Any], moment: datetime, operator: Operator) -> Cutoff:
    """The cutoff as the column keeps moments: instants, dates of the operator's calendar, or microseconds since 1970.

    :raises BadInventory: for a column that is none of them.
    """
    if isinstance(field, models.DateTimeField):
        return moment
    if isinstance(field, models.DateField):
        return moment.astimezone(operator.zone).date()
    if isinstance(field, models.BigIntegerField):
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    raise BadInventory(f"{field.model._meta.label}.{field.name}: expected a moment, a date, or microseconds")
