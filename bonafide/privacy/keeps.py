"""What must not be erased yet: which kinds of data of a person or an account, on which basis, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.privacy.holds import holds_on


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
    """``basis`` as it is shown; ``until`` the first day on which it may go, None when nobody knows yet.

    ``secret``: the law forbids to tell whom it concerns.
    """

    basis: str
    until: date | None
    secret: bool = False


def keeps_on(*, whom: Whom, operator: Operator, now: datetime) -> Mapping[Kind, Keep]:
    """What holds in force keep, of each kind the one that lasts longest; and what the law counts from each event, not the end.

    The holds that the law asks for once a contract has ended are rows too: ``begin_statutory_holds`` makes them.
    """
    keeps: dict[Kind, Keep] = {}
    today = now.astimezone(operator.zone).date()
    for hold in holds_on(now=now, person=whom.person, account=whom.account):  # the soonest to end first
        secret = hold.secret_until is not None and hold.secret_until >= today
        until = hold.until.astimezone(operator.zone).date()
        keeps |= {Kind(kind): Keep(hold.basis, until, secret) for kind in hold.kinds}
    for floor in operator.retention.floors:
        if floor.after == "event":
            keeps.setdefault(Kind(floor.data), Keep(floor.basis, None))
    return keeps
