"""Which step comes next and on which day, from what was done so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bonafide.operator_dunning import LAST_LETTER_DAYS, Ladder


class Rung(StrEnum):
    """A step, in the order in which they come."""

    NOTICE = "notice"
    SECOND = "second_notice"
    FORMAL = "formal_notice"
    SUSPENSION = "suspension"
    LAST = "last_notice"
    CLOSING = "closing"


LETTERS = (Rung.NOTICE, Rung.SECOND, Rung.FORMAL)
# What staff see a day before it happens, or it does not happen.
PREVIEWED = (Rung.SUSPENSION, Rung.CLOSING)
_ORDER = list(Rung)


@dataclass(frozen=True)
class SoFar:
    """Where a case is: the day of each step that was done, the days that letters named, and what was planned.

    ``due_on`` is the oldest due date that is pressed. ``planned`` has the first day on which a previewed step may happen.
    ``rested`` is the day on which a pause ended: the days to pay begin anew with it.
    """

    due_on: date
    done: Mapping[Rung, date] = field(default_factory=dict)
    promised: Mapping[Rung, date] = field(default_factory=dict)
    planned: Mapping[Rung, date] = field(default_factory=dict)
    rested: date | None = None


@dataclass(frozen=True)
class Ahead:
    """A step to come and its day."""

    rung: Rung
    on: date


def offsets(ladder: Ladder) -> dict[Rung, int]:
    """The steps of a ladder in order, each with its days after the due date."""
    days = {
        Rung.NOTICE: ladder.notice,
        Rung.SECOND: ladder.second,
        Rung.FORMAL: ladder.formal,
        Rung.SUSPENSION: ladder.suspend,
    }
    found = {rung: after for rung, after in days.items() if after}
    if ladder.suspend and ladder.close:
        found[Rung.LAST] = ladder.suspend + ladder.close - LAST_LETTER_DAYS
        found[Rung.CLOSING] = ladder.suspend + ladder.close
    return found


def ahead(*, ladder: Ladder, so_far: SoFar, today: date, soonest: date) -> tuple[Ahead, ...]:
    """The steps to come in order, the first not before ``today``, as they happen if nobody pays.

    ``soonest`` is the first day for which a suspension or a closing can still be planned.

    Between two steps there are at least the days that lie between them in the ladder, however late the first was; between the
    last letter and the suspension at least ``days_to_pay``; and none comes before the day that a letter named for it.
    """
    after = offsets(ladder)
    found: list[Ahead] = []
    last = _last_done(so_far.done)
    before = (last, so_far.done[last]) if last else None
    for rung, days in after.items():
        if rung in so_far.done or (last and rung in LETTERS and rung != Rung.FORMAL and _ORDER.index(rung) < _ORDER.index(last)):
            continue
        wait = [today, so_far.due_on + timedelta(days=days), so_far.promised.get(rung, today)]
        if before:
            gap = days - after.get(before[0], days - 1)
            wait.append(before[1] + timedelta(days=max(gap, 1)))
        wait += _fair(rung, ladder, so_far, found, soonest)
        found.append(Ahead(rung, max(wait)))
        before = (rung, max(wait))
    return tuple(found)


def _fair(rung: Rung, ladder: Ladder, so_far: SoFar, found: list[Ahead], soonest: date) -> list[date]:
    """The days before which a suspension or a closing would come too soon after a letter, a pause or its preview."""
    if rung not in PREVIEWED:
        return []
    pause = timedelta(days=ladder.days_to_pay)
    wait = [so_far.planned.get(rung, soonest)]
    if so_far.rested:
        wait.append(so_far.rested + pause)
    if rung == Rung.SUSPENSION:
        letters = [so_far.done[letter] for letter in LETTERS if letter in so_far.done]
        letters += [step.on for step in found if step.rung in LETTERS]
        wait += [max(letters) + pause] if letters else []
    return wait


def _last_done(done: Mapping[Rung, date]) -> Rung | None:
    return max(done, key=_ORDER.index, default=None)
