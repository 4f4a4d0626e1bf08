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
_BY_HAND = (*ROOTS, "accounts.Membership")
Keeps = Mapping[Kind, Keep]


@dataclass(frozen=True)
class Left:
    """What stays of one kind: how many rows, on which basis, until when (None: until whoever holds it lets go).

    ``secret``: the law forbids to tell whom it concerns.
    """

    kind: Kind
    rows: int
    basis: str
    until: date | None
    secret: bool = False

    def as_dict(self) -> dict[str, object]:
        until = self.until.isoformat() if self.until else ""
        return {"kind": self.kind.value, "rows": self.rows, "basis": self.basis, "until": until}


@dataclass
class Taken:
    """Rows deleted, rows emptied, and what is left."""

    deleted: int = 0
    emptied: int = 0
    left: list[Left] = field(default_factory=list)


def erase_rows(*, whom: Whom, tables: Iterable[Table], keeps: Keeps, now: datetime) -> Taken:
    """Delete or empty what is theirs, as each table declares, but what is kept. Again, it finds only what was kept before.

    Call it inside a transaction. What goes with somebody's login, or is a history of theirs alone, goes with a person; what goes
    with an account, and its histories, with the account. What the law keeps (:class:`Kept`), and what goes by itself soon, stays.
    A row that holds something kept stays whole.
    """
    taken = Taken()
    waiting = [table for table in tables if table.model and table.model not in _BY_HAND and _of(whom, table)]
    while waiting:
        before = len(waiting)
        waiting = [table for table in waiting if not _erase(whom, table, keeps, now, taken)]
        if len(waiting) == before:  # says what it hangs on
            for holding in _of(whom, waiting[0]):
                _rows(whom, waiting[0], holding).delete()
    return taken


def count_rows(*, whom: Whom, tables: Iterable[Table], keeps: Keeps) -> tuple[dict[Kind, int], list[Left]]:
    """The same without touching anything: how many rows of each kind would go, and what would stay, secrets left out.

    Tables too large to be counted for one customer are passed over.
    """
    going: dict[Kind, int] = {}
    staying: list[Left] = []
    for table in tables:
        if not table.model or table.walked:
            continue
        for holding in _of(whom, table):
            rows = _rows(whom, table, holding).count()
            keep = _kept(holding, whom, keeps)
            if rows and keep and not keep.secret:
                staying.append(Left(holding.kind, rows, keep.basis, keep.until))
            elif rows and _goes(whom, holding):
                going[holding.kind] = going.get(holding.kind, 0) + rows
    return going, merged(staying)


def merged(left: Iterable[Left]) -> list[Left]:
    """One line a kind and basis, with the latest day."""
    found: dict[tuple[Kind, str], Left] = {}
    for one in left:
        known = found.get((one.kind, one.basis), Left(one.kind, 0, one.basis, None))
        until = max((moment for moment in (one.until, known.until) if moment), default=None)
        found[one.kind, one.basis] = Left(one.kind, one.rows + known.rows, one.basis, until, one.secret)
    return list(found.values())


def _erase(whom: Whom, table: Table, keeps: Keeps, now: datetime, taken: Taken) -> bool:
    """Whether this table is settled; it is not while rows of another hang on it."""
    keeping = _left(whom, table, keeps)
    for holding in _of(whom, table):
        if not _goes(whom, holding) or _kept(holding, whom, keeps):
            continue
        rows, emptied = _rows(whom, table, holding), _emptied(holding)
        if emptied:
            taken.emptied += rows.update(**emptied_values(emptied, now=now))
        elif not keeping:
            try:
                taken.deleted += rows.delete()[0]
            except ProtectedError:
                return False
    taken.left += keeping
    return True


def _left(whom: Whom, table: Table, keeps: Keeps) -> list[Left]:
    """What of this table stays."""
    found = []
    for holding in _of(whom, table):
        keep = _kept(holding, whom, keeps)
        if keep and (count := _rows(whom, table, holding).count()):
            found.append(Left(holding.kind, count, keep.basis, keep.until, keep.secret))
    return found


def _of(whom: Whom, table: Table) -> list[Holding]:
    return [holding for holding in table.holdings if _path(whom, holding)]


def _path(whom: Whom, holding: Holding) -> str:
    """What leads from a row to whose it is."""
    return holding.person if whom.person is not None else holding.account


def _rows(whom: Whom, table: Table, holding: Holding) -> QuerySet[Any]:
    """Theirs that hold something still."""
    model: type[Model] = apps.get_model(table.model)
    return model._base_manager.filter(still_held(_emptied(holding)), **{_path(whom, holding): whom.pk})


def _emptied(holding: Holding) -> tuple[tuple[str, Any], ...]:
    return getattr(holding.ends, "emptied", ())


def _kept(holding: Holding, whom: Whom, keeps: Keeps) -> Keep | None:
    if isinstance(holding.ends, Kept):
        return keeps.get(holding.ends.floor) or Keep("", None)
    return keeps.get(holding.kind) if _goes(whom, holding) else None


def _goes(whom: Whom, holding: Holding) -> bool:
    if holding.kind == Kind.RECORDS and isinstance(holding.ends, Swept):
        return False  # holds, releases, what was passed on: by numbers, for its time (GDPR art. 5(2) and 17(3)(e))
    if whom.person is None:
        return isinstance(holding.ends, WithAccount | Swept)
    if isinstance(holding.ends, Swept):
        # A line of an account's history stays with the account for its time; who did it is a number then.
        return not holding.account or bool(holding.ends.emptied)
    return isinstance(holding.ends, WithLogin)
