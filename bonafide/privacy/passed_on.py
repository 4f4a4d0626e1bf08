"""What was passed on of a person and of the accounts for which they answer, for them to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from bonafide.mail.purposes import UndeclaredLetter, declared
from bonafide.operator import Operator
from bonafide.outgoing.models import PassedOn
from bonafide.outgoing.words import field_name, occasion_name
from bonafide.privacy.models import answered_for_by

SHOWN = 20


@dataclass(frozen=True)
class Line:
    """One passing as its reader reads it."""

    row: PassedOn
    fields: str
    occasion: str


@dataclass(frozen=True)
class PassedOnPart:
    """The latest lines, how many older ones there are, and after how many months a line goes."""

    lines: tuple[Line, ...]
    more: int
    months: int


def passed_on_of(user: Any) -> QuerySet[PassedOn]:
    """The rows of the person, and of accounts of which they are owner or billing."""
    return PassedOn.objects.filter(Q(person=user) | Q(account__in=answered_for_by(user)))


def passed_on(*, user: Any, operator: Operator) -> PassedOnPart:
    """Two statements, however many rows there are."""
    rows = passed_on_of(user)
    lines = tuple(_line(row) for row in rows.select_related("account").order_by("-at", "-pk")[:SHOWN])
    more = rows.count() - len(lines)
    return PassedOnPart(lines, max(more, 0), operator.retention.passed_on_months)


def _line(row: PassedOn) -> Line:
    return Line(row, ", ".join(str(field_name(code)) for code in row.fields), _occasion(row.occasion))


def _occasion(code: str) -> str:
    """A letter's is its purpose, by the name under which it stands in the settings of letters."""
    try:
        return str(declared(code).name)
    except UndeclaredLetter:
        return str(occasion_name(code))
