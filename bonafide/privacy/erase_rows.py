"""Take the rows of one person, or of one account, out of every table that declares to hold them; count what has to stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import Model, ProtectedError, QuerySet

from bonafide.holdings import Holding, Kept, Kind, Swept, Table, WithAccount, WithLogin
from bonafide.privacy.ends import emptied_values, still_held
from bonafide.privacy.keeps import Keep, Whom

# The row of a login, and that of an account, are what other rows hang on: ``erase_login`` empties them.
ROOTS = ("accounts.User", "accounts.Account")


@dataclass(frozen=True)
class Left:
    """What stays of one kind: how many rows, on which basis, until when (None: until whoever holds it lets go)."""

    kind: Kind
    rows: int
    basis: str
    until: date | None

    def as_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind.value,
            "rows": self.rows,
            "basis": self.basis,
            "until": self.until.isoformat() if self.until else "",
        }


@dataclass
class Taken:
    """Rows deleted, rows emptied, and what is left."""

    deleted: int = 0
    emptied: int = 0
    left: list[Left] = field(default_factory=list)


def erase_rows(*, whom: Whom, tables: Iterable[Table], keeps: Mapping[Kind, Keep], now: datetime) -> Taken:
    """Delete or empty what is theirs, as each table declares, but what is kept. Again, it finds only what was kept before.

    Call it inside a transaction. What goes with somebody's login, or is a history of theirs alone, goes with a person; what goes
    with an account, and its histories, with the account. What the law keeps (:class:`Kept`), and what goes by itself soon, stays.
    """
    taken = Taken()
    waiting = [
        (apps.get_model(table.model), holding)
        for table in tables
        if table.model and table.model not in ROOTS
        for holding in table.holdings
        if _path(whom, holding)
    ]
    while waiting:
        before = len(waiting)
        waiting = [one for one in waiting if not _erase(whom, *one, keeps, now, taken)]
        if len(waiting) == before:
            model, holding = waiting[0]
            _rows(whom, model, holding).delete()  # says what it hangs on
    return taken


def count_rows(*, whom: Whom, tables: Iterable[Table], keeps: Mapping[Kind, Keep]) -> tuple[dict[Kind, int], list[Left]]:
    """The same without touching anything: how many rows of each kind would go, and what would stay."""
    going: dict[Kind, int] = {}
    staying: list[Left] = []
    for table in tables:
        for holding in table.holdings:
            if not table.model or not _path(whom, holding):
                continue
            rows = _rows(whom, apps.get_model(table.model), holding).count()
            if not rows:
                continue
            if keep := _kept(whom, holding, keeps):
                staying.append(Left(holding.kind, rows, keep.basis, keep.until))
            elif _goes(whom, holding):
                going[holding.kind] = going.get(holding.kind, 0) + rows
    return going, merged(staying)


def merged(left: Iterable[Left]) -> list[Left]:
    """One line a kind and basis."""
    found: dict[tuple[Kind, str], Left] = {}
    for one in left:
        known = found.get((one.kind, one.basis))
        until = max((moment for moment in (one.until, known and known.until) if moment), default=None)
        found[one.kind, one.basis] = Left(one.kind, one.rows + (known.rows if known else 0), one.basis, until)
    return list(found.values())


def _erase(whom: Whom, model: type[Model], holding: Holding, keeps: Mapping[Kind, Keep], now: datetime, taken: Taken) -> bool:
    """Whether this one is settled; it is not while rows of another table hang on it."""
    rows = _rows(whom, model, holding)
    if keep := _kept(whom, holding, keeps):
        if count := rows.count():
            taken.left.append(Left(holding.kind, count, keep.basis, keep.until))
        return True
    if not _goes(whom, holding):
        return True
    emptied = getattr(holding.ends, "emptied", ())
    if not emptied:
        try:
            taken.deleted += rows.delete()[0]
        except ProtectedError:
            return False
        return True
    taken.emptied += rows.filter(still_held(emptied)).update(**emptied_values(emptied, now=now))
    return True


def _path(whom: Whom, holding: Holding) -> str:
    """What leads from a row to whose it is."""
    return holding.person if whom.person is not None else holding.account


def _rows(whom: Whom, model: type[Model], holding: Holding) -> QuerySet[Any]:
    return model._default_manager.filter(**{_path(whom, holding): whom.pk})


def _kept(whom: Whom, holding: Holding, keeps: Mapping[Kind, Keep]) -> Keep | None:
    if isinstance(holding.ends, Kept):
        return keeps.get(holding.ends.floor) or Keep("", None)
    return keeps.get(holding.kind) if _goes(whom, holding) else None


def _goes(whom: Whom, holding: Holding) -> bool:
    if whom.person is None:
        return isinstance(holding.ends, WithAccount | Swept)
    if isinstance(holding.ends, Swept):
        # A line of an account's history stays with the account for its time; who did it is a number then.
        return not holding.account or bool(holding.ends.emptied)
    return isinstance(holding.ends, WithLogin)
