"""What we hold about one person and the accounts they answer for, counted in one statement, from the inventory alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, DateField, DateTimeField, Field, IntegerField, Min, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from bonafide.holdings import Holding, Kept, Kind, Swept, Table, Unit, Whose
from bonafide.operator import Operator
from bonafide.periods import months_after
from bonafide.privacy.ends import as_moment, floor_of, gone_at, said_end, still_held
from bonafide.privacy.inventory import PLACES, holdings, model_of
from bonafide.privacy.models import answered_for_by


@dataclass(frozen=True)
class Held:
    """Rows of one kind about one person.

    ``oldest`` is since when the oldest is held, ``gone`` when that goes; None where there is no such day.
    """

    kind: Kind
    what: str
    where: str
    rows: int
    oldest: datetime | None
    gone: datetime | None
    end: str


@dataclass(frozen=True)
class Uncounted:
    """What cannot be led back to one person in a moment: logs, files, single events of usage."""

    what: str
    end: str


def held_about(*, user: Any, operator: Operator, today: date) -> list[Held]:
    """What there is, by kind; two statements, whoever it is. ``user`` may be anybody's row of a login.

    :param today: on the operator's calendar: what an order still keeps secret on that day is not counted.
    """
    accounts = list(answered_for_by(user))
    counted = _counted()
    queries = [_about(number, *one, person=user.pk, accounts=accounts, today=today) for number, one in enumerate(counted)]
    found = []
    for number, rows, oldest in queries[0].union(*queries[1:], all=True):
        if rows:
            table, holding = counted[number]
            found.append(_held(table, holding, rows, oldest, operator))
    order = list(Kind)
    return sorted(found, key=lambda held: (order.index(held.kind), held.where, held.what))


def oldest_of(held: list[Held], kind: Kind) -> Held | None:
    """What of this kind has been held longest."""
    dated = [(one.oldest, one) for one in held if one.kind == kind and one.oldest]
    return min(dated, key=lambda pair: pair[0])[1] if dated else None


def uncounted(*, operator: Operator) -> list[Uncounted]:
    """Beside that, for everybody: what is held and not counted here, and how it ends."""
    tables: list[Any] = [
        holding
        for table, holding in holdings()
        if holding.whose != Whose.STAFF and (table.walked or not (holding.person or holding.account))
    ]
    places = [place for place in PLACES if place.kind and not place.setting]
    return [Uncounted(str(held.what), said_end(held, operator)) for held in (*tables, *places)]


# --- Counting -------------------------------------------------------------------------------------------------------------
def _counted() -> list[tuple[Table, Holding]]:
    return [(table, holding) for table, holding in holdings() if not table.walked and (holding.person or holding.account)]


def _about(number: int, table: Table, holding: Holding, *, person: Any, accounts: list[int], today: date) -> QuerySet[Any, Any]:
    """(number, how many rows, the oldest as text): one part of the union."""
    model = _model(table)
    whose = Q()
    if holding.person:
        whose |= Q(**{holding.person: person})
    if holding.account:
        whose |= Q(**{f"{holding.account}__in": accounts})
    since = _since(holding)
    oldest = Cast(Min(since), TextField()) if since else Value(None, output_field=TextField())
    emptied = getattr(holding.ends, "emptied", ()) if _is_by_age(holding) else ()
    told = getattr(model._default_manager, table.told)(today=today) if table.told else model._base_manager.all()
    rows: QuerySet[Any, Any] = (
        told.filter(whose, still_held(emptied))
        .order_by()
        .annotate(held_number=Value(number, output_field=IntegerField()))
        .values("held_number")
        .annotate(held_rows=Count("pk"), held_oldest=oldest)
        .values_list("held_number", "held_rows", "held_oldest")
    )
    return rows


def _model(table: Table) -> type[Model]:
    model = model_of(table)
    assert model is not None  # noqa: S101 - a table without a model has no holdings that lead to anybody
    return model


def _is_by_age(holding: Holding) -> bool:
    return isinstance(holding.ends, Swept) or (isinstance(holding.ends, Kept) and bool(holding.ends.since))


def _since(holding: Holding) -> str:
    return getattr(holding.ends, "since", "") or holding.since


def _held(table: Table, holding: Holding, rows: int, oldest: str | None, operator: Operator) -> Held:
    since = _moment(oldest, _unit(table, holding), operator) if oldest else None
    return Held(
        kind=holding.kind,
        what=str(holding.what),
        where=str(table.called),
        rows=rows,
        oldest=since,
        gone=_gone(holding, since, operator),
        end=said_end(holding, operator),
    )


def _gone(holding: Holding, since: datetime | None, operator: Operator) -> datetime | None:
    ends = holding.ends
    if since is None:
        return None
    if isinstance(ends, Swept):
        return gone_at(ends=ends, since=since, operator=operator)
    floor = floor_of(ends.floor, operator) if isinstance(ends, Kept) and ends.since else None
    return months_after(since, floor.months, operator.zone) if floor else None


def _moment(text: str, unit: Unit, operator: Operator) -> datetime:
    """Of what the database wrote as text. SQLite keeps instants without their zone, which is UTC."""
    if unit != Unit.MOMENT:
        return as_moment(text, unit, operator.zone)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unit(table: Table, holding: Holding) -> Unit:
    """As declared; of a column that ends nothing, by its kind: instants, dates, and days written as integers."""
    declared: Unit | None = getattr(holding.ends, "unit", None)
    if declared is not None and _is_by_age(holding):
        return declared
    *_path, last = _fields(_model(table), holding.since)
    if isinstance(last, DateTimeField):
        return Unit.MOMENT
    return Unit.DATE if isinstance(last, DateField) else Unit.DAY


def _fields(model: type[Model], path: str) -> Iterator[Field[Any, Any]]:
    for name in path.split("__"):
        field: Any = model._meta.get_field(name)
        yield field
        if field.remote_field:
            model = field.remote_field.model
