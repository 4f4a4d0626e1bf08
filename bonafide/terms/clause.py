"""What a clause is: its words, what decides it, what keeps it, what proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.utils.functional import Promise

from bonafide.operator import Operator
from bonafide.terms.finding import Finding

Check = Callable[[Operator, datetime], Finding]
# A check runs every day; half a day of grace covers a night of maintenance.
NIGHTLY = timedelta(hours=36)


@dataclass(frozen=True)
class Measure:
    """A value that a clause promises, and which change of it promises less.

    ``setting`` is its key in the operator's file. ``looser`` is ``more`` (a larger number promises less), ``other`` (any other
    value does), ``added`` (an entry that was not there, or that says something else, does; one that is gone promises more),
    ``sooner`` (a smaller number of days does, where 0 is never), ``later`` (a larger one does, and 0, never, most of all; None
    is for either that nothing of the sort is done) or the values in order from the strictest on. ``value`` says it as JSON
    where the key's own value is no plain one, and ``put`` gives the file with another one then.
    """

    setting: str
    looser: Literal["more", "other", "added", "sooner", "later"] | tuple[str | bool, ...]
    value: Callable[[Operator], Any] | None = None
    put: Callable[[Operator, Any], Operator] | None = None

    def of(self, operator: Operator) -> Any:
        """What the operator's file promises, as JSON keeps it."""
        if self.value is not None:
            return self.value(operator)
        value: Any = operator
        for name in self.setting.split("."):
            value = getattr(value, name)
        return value

    def with_value(self, operator: Operator, value: Any) -> Operator:
        """The operator's file with that in place of its own."""
        if self.put is not None:
            return self.put(operator, value)
        section, name = self.setting.split(".")
        changed = getattr(operator, section).model_copy(update={name: value})
        return operator.model_copy(update={section: changed})

    @property
    def is_number_or_choice(self) -> bool:
        """Whether a looser value can be kept out of force by going on with the one before."""
        return self.looser not in ("other", "added")


@dataclass(frozen=True)
class Clause:
    """``text`` is paragraphs whose ``%(name)s`` places are filled from ``values(operator, language)``.

    ``also`` adds the paragraphs that hold for some operators only. ``settings`` names the operator's keys that decide it,
    ``measures`` those whose change promises less or more, and ``revision`` goes up when a release changes its meaning (not when
    it mends its words). ``enforced_by`` names the code that keeps it, ``check`` proves it; a clause without one is attested by a
    person, never proven. Evidence older than ``fresh`` proves nothing any more. ``counted`` says a check's counts in words.
    """

    id: str
    title: str | Promise
    text: tuple[str | Promise, ...]
    values: Callable[[Operator, str], dict[str, object]] = lambda operator, language: {}
    also: Callable[[Operator], tuple[str | Promise, ...]] = lambda operator: ()
    settings: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    revision: int = 1
    enforced_by: tuple[str, ...] = ()
    check: Check | None = None
    fresh: timedelta = NIGHTLY
    counted: str | Promise = ""


@dataclass(frozen=True)
class Said:
    """A clause as one reader reads it."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
