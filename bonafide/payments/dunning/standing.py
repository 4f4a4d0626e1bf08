"""Where each account stands: what is overdue, what was done about it, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bonafide.accounts.models import Account
from bonafide.operator import Operator
from bonafide.operator_dunning import Ladder
from bonafide.payments.dunning.ladder import LETTERS, Ahead, Rung, SoFar, ahead
from bonafide.payments.dunning.models import DunningCase, DunningStep, PauseEntry
from bonafide.payments.dunning.owed import Debt, counting, debts

# Letters leave, and services are suspended, from this hour of the operator's day on.
MORNING = 8
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """Now, as the operator's calendar has it."""

    now: datetime
    today: date
    hour: int

    @classmethod
    def of(cls, now: datetime, operator: Operator) -> Moment:
        there = now.astimezone(operator.zone)
        return cls(now, there.date(), there.hour)

    @property
    def soonest(self) -> date:
        """The first day that can still be planned for: staff are told in the morning of the day before."""
        return self.today + (DAY if self.hour < MORNING else 2 * DAY)


@dataclass(frozen=True)
class Standing:
    """An account with what is overdue of it, and its open case with the steps of it, if there is one.

    ``pause`` is what staff said last, if that is a pause that holds on the day; ``rested`` the first day after the last one.
    """

    account: Account
    case: DunningCase | None
    steps: dict[str, DunningStep]
    debts: list[Debt]
    pause: PauseEntry | None
    rested: date | None
    operator: Operator
    moment: Moment

    @property
    def ladder(self) -> Ladder:
        return self.operator.dunning.ladder(consumers=self.account.kind == Account.Kind.PERSON)

    @property
    def done(self) -> dict[Rung, DunningStep]:
        """The steps that were done, in their order."""
        return {rung: self.steps[rung] for rung in Rung if rung in self.steps and self.steps[rung].done_at}

    @property
    def named(self) -> set[int]:
        """The bills that the case is about: those that any of its steps named."""
        return {bill.invoice_id for step in self.done.values() for bill in step.bills.all()}

    @property
    def is_over(self) -> bool:
        """Whether what its letters named is paid; held payments are not there yet, and a loss in the books is still owed."""
        about = self.named
        left = [debt for debt in self.debts if not about or debt.invoice_id in about]
        return self.case is not None and not counting(left, operator=self.operator, pressed=False)

    def pressed(self, by: date) -> list[Debt]:
        """The bills that a letter on that day names: due before, and nothing holds them."""
        return counting([debt for debt in self.debts if debt.due_on < by], operator=self.operator, pressed=True)

    @property
    def subject(self) -> list[Debt]:
        """The bills for which the next step is taken: those of the last step that named any, as far as they are unpaid."""
        pressed = counting(self.debts, operator=self.operator, pressed=True)
        basis = self._basis()
        return (
            pressed
            if basis is None
            else counting([debt for debt in pressed if debt.invoice_id in basis], operator=self.operator, pressed=True)
        )

    def _basis(self) -> set[int] | None:
        done = self.done
        for rung in (Rung.SUSPENSION, *reversed(LETTERS)):
            if rung in done:
                return {bill.invoice_id for bill in done[rung].bills.all()}
        return None

    def ahead(self) -> tuple[Ahead, ...]:
        """The steps to come if nobody pays; none while nothing is pressed for, or a pause has no end."""
        subject, today, soonest = self.subject, self.moment.today, self.moment.soonest
        if not subject or (self.pause and self.pause.until_on is None):
            return ()
        rested = self.rested
        if self.pause and self.pause.until_on:
            rested = self.pause.until_on + DAY
            today, soonest = max(today, rested), max(soonest, rested)
        if not self.done:
            today = max(today, _ripe(subject, self.operator) + DAY)
        return ahead(ladder=self.ladder, so_far=self._so_far(subject, rested), today=today, soonest=soonest)

    def _so_far(self, subject: list[Debt], rested: date | None) -> SoFar:
        done, planned = self.done, {}
        for rung in (Rung.SUSPENSION, Rung.CLOSING):
            step = self.steps.get(rung)
            if step and not step.done_at and not step.called_off_at:
                day_after = (step.planned_at + DAY).astimezone(self.operator.zone).date()
                planned[rung] = max(step.planned_on, day_after)
        return SoFar(
            due_on=min(debt.due_on for debt in subject),
            done={rung: step.done_on for rung, step in done.items() if step.done_on},
            promised={Rung(step.next_kind): step.next_on for step in done.values() if step.next_kind and step.next_on},
            planned=planned,
            rested=rested,
        )


def standings(*, operator: Operator, moment: Moment, accounts: Iterable[int] | None = None, days: int = 0) -> list[Standing]:
    """Accounts with an open case, or with enough overdue (within ``days`` days from now), by name; ten statements at most."""
    only = None if accounts is None else list(accounts)
    owing = debts(operator=operator, today=moment.today, before=moment.today + timedelta(days=days), accounts=only)
    cases = DunningCase.objects.filter(ended_at=None).select_related("account").prefetch_related("steps__bills")
    entries = PauseEntry.objects.order_by("at", "pk")
    if only is not None:
        cases, entries = cases.filter(account__in=only), entries.filter(account__in=only)
    opened = {case.account_id: case for case in cases}
    said: dict[int, PauseEntry] = {entry.account_id: entry for entry in entries}
    due = [pk for pk, found in owing.items() if pk not in opened and counting(found, operator=operator, pressed=False)]
    known = {case.account_id: case.account for case in opened.values()} | Account.objects.in_bulk(due)
    found = [
        _standing(account, opened.get(pk), owing.get(pk, []), said.get(pk), operator, moment) for pk, account in known.items()
    ]
    return sorted(found, key=lambda one: (one.account.name, one.account.pk))


def _standing(
    account: Account,
    case: DunningCase | None,
    found: list[Debt],
    said: PauseEntry | None,
    operator: Operator,
    moment: Moment,
) -> Standing:
    steps = {step.kind: step for step in case.steps.all()} if case else {}
    pause = said if said and said.pauses and (said.until_on is None or said.until_on >= moment.today) else None
    rested = None
    if said and not pause:
        ended = said.until_on + DAY if said.pauses and said.until_on else said.at.astimezone(operator.zone).date()
        rested = ended
    return Standing(account, case, steps, found, pause, rested, operator, moment)


def _ripe(subject: list[Debt], operator: Operator) -> date:
    """The due date with which enough is unpaid that something happens."""
    for number in range(1, len(subject) + 1):
        if counting(subject[:number], operator=operator, pressed=True):
            return subject[number - 1].due_on
    return subject[-1].due_on
