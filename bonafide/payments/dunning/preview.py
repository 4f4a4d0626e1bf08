"""What will happen to whom in the next days if nobody pays: what staff look at, and what then happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bonafide.accounts.models import Account
from bonafide.operator import Operator
from bonafide.payments.dunning.ladder import PREVIEWED, Rung
from bonafide.payments.dunning.models import DunningStep
from bonafide.payments.dunning.owed import Debt, Held
from bonafide.payments.dunning.standing import Moment, Standing, standings


@dataclass(frozen=True)
class Coming:
    """A step ahead of an account: its day, its bills, and what is open of them by currency in minor units.

    ``planned_at`` is since when a suspension or a closing is planned; without it, it cannot happen yet.
    """

    account: Account
    rung: Rung
    on: date
    amounts: dict[str, int]
    numbers: tuple[str, ...]
    planned_at: datetime | None

    @property
    def pk(self) -> int:
        """Whose data it is: what staff see of it is written down."""
        return self.account.pk

    @property
    def label(self) -> str:
        return str(DunningStep.Kind(self.rung).label)

    @property
    def is_grave(self) -> bool:
        return self.rung in PREVIEWED


@dataclass(frozen=True)
class Waiting:
    """An account with overdue bills to which nothing happens, and why: paused, or what holds its bills."""

    account: Account
    amounts: dict[str, int]
    paused: bool
    until_on: date | None
    reason: str
    held: tuple[Held, ...]

    @property
    def pk(self) -> int:
        """Whose data it is."""
        return self.account.pk


@dataclass(frozen=True)
class Preview:
    """What comes, by day, and who waits."""

    coming: tuple[Coming, ...]
    waiting: tuple[Waiting, ...]


def preview(*, operator: Operator, now: datetime, days: int, accounts: Iterable[int] | None = None) -> Preview:
    """The steps of the next ``days`` days, today's included, by day and name; twelve statements, however many accounts."""
    moment = Moment.of(now, operator)
    found = standings(operator=operator, moment=moment, accounts=accounts, days=days) if operator.dunning.enabled else []
    last = moment.today + timedelta(days=days - 1)
    coming = [step for one in found for step in _steps(one) if step.on <= last]
    waiting = [row for one in found if (row := _waiting(one))]
    return Preview(tuple(sorted(coming, key=lambda step: (step.on, step.account.name, step.account.pk))), tuple(waiting))


def _steps(found: Standing) -> Iterable[Coming]:
    if found.is_over:
        return
    for step in found.ahead():
        bills = found.pressed(step.on)
        row = found.steps.get(step.rung)
        planned = row.planned_at if row and not row.called_off_at else None
        numbers = tuple(debt.number for debt in bills)
        yield Coming(found.account, step.rung, step.on, sums(bills, pressed=True), numbers, planned)


def _waiting(found: Standing) -> Waiting | None:
    overdue = [debt for debt in found.debts if debt.due_on < found.moment.today]
    held = tuple(sorted({debt.held for debt in overdue if debt.held}))
    if not overdue or not (found.pause or held):
        return None
    pause = found.pause
    return Waiting(
        found.account,
        sums(overdue, pressed=False),
        pause is not None,
        pause.until_on if pause else None,
        pause.reason if pause else "",
        held,
    )


def sums(bills: Iterable[Debt], *, pressed: bool) -> dict[str, int]:
    """By currency, what is open."""
    found: dict[str, int] = defaultdict(int)
    for debt in bills:
        found[debt.currency] += debt.pressed_minor if pressed else debt.open_minor
    return dict(found)


def as_json(found: Preview) -> dict[str, Any]:
    """The same for programs: money in minor units by currency."""
    return {
        "coming": [
            {
                "account": step.account.reference,
                "step": step.rung.value,
                "on": step.on.isoformat(),
                "bills": list(step.numbers),
                "open_minor": step.amounts,
                "planned_at": step.planned_at.isoformat() if step.planned_at else None,
            }
            for step in found.coming
        ],
        "waiting": [
            {
                "account": row.account.reference,
                "open_minor": row.amounts,
                "paused": row.paused,
                "paused_until": row.until_on.isoformat() if row.until_on else None,
                "held": [held.value for held in row.held],
            }
            for row in found.waiting
        ],
    }
