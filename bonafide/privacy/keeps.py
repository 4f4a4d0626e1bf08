"""What must not be erased yet: which kinds of data of a person or an account, on which basis, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.periods import months_after


@dataclass(frozen=True)
class Whom:
    """A person or an account, by id: one of the two."""

    person: int | None = None
    account: int | None = None

    @property
    def pk(self) -> int:
        pk = self.person if self.person is not None else self.account
        assert pk is not None  # noqa: S101 - one of the two
        return pk


@dataclass(frozen=True)
class Keep:
    """``basis`` as it is shown; ``until`` the first day on which it may go, None when nobody knows yet."""

    basis: str
    until: date | None


def keeps_on(*, whom: Whom, operator: Operator, ended_at: datetime, now: datetime) -> Mapping[Kind, Keep]:
    """What the floors of the operator's file ask to keep of a contract that ended at this moment, for as long as they do."""
    keeps: dict[Kind, Keep] = {}
    for floor in operator.retention.floors:
        if floor.after == "event":
            keeps.setdefault(Kind(floor.data), Keep(floor.basis, None))
            continue
        until = months_after(ended_at, floor.months, operator.zone)
        if until > now:
            keeps[Kind(floor.data)] = Keep(floor.basis, until.astimezone(operator.zone).date())
    return keeps
