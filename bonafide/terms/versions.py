"""A new version when what the terms say has changed; when it holds depends on whether it promises less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from bonafide.operator import Operator
from bonafide.terms.clause import Measure
from bonafide.terms.clauses import CLAUSES, said
from bonafide.terms.models import Change, Version

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """What changed from one version's facts to another's, by clause."""

    looser: tuple[str, ...] = ()
    tighter: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        """A version that promises less anywhere promises less."""
        return Change.LOOSER if self.looser else Change.TIGHTER if self.tighter else Change.WORDING


def make_version(*, operator: Operator, now: datetime) -> Version | None:
    """The version for what the terms say now, if the last one says otherwise; None when nothing changed.

    The first, one that promises more and one that only mends words hold at once. One that promises less than what is in force
    waits for the notice of the operator's file; where such a one waits already and this promises no less, they hold together.
    """
    texts, facts = texts_of(operator), facts_of(operator)
    last = Version.objects.order_by("-number").first()
    if last and last.texts == texts and last.facts == facts:
        return None
    holding = Version.objects.in_force(now)
    change, effective_at = Change.FIRST, now
    if last and holding:
        change = difference(holding.facts, facts).change
        if change == Change.LOOSER:
            waits = last.effective_at > now and difference(last.facts, facts).change != Change.LOOSER
            effective_at = last.effective_at if waits else now + timedelta(days=operator.terms.notice_days)
    try:
        with transaction.atomic():
            return Version.objects.create(
                number=last.number + 1 if last else 1,
                made_at=now,
                effective_at=effective_at,
                change=change,
                texts=texts,
                facts=facts,
            )
    except IntegrityError:  # another process was a moment faster, with the same file
        return None


def texts_of(operator: Operator) -> dict[str, list[dict[str, Any]]]:
    """Every clause as it is read, in every language."""
    texts = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            texts[language] = [
                {"id": clause.id, "title": clause.title, "paragraphs": list(clause.paragraphs)}
                for clause in said(operator, language)
            ]
    return texts


def facts_of(operator: Operator) -> dict[str, Any]:
    """What the clauses promise, apart from their words."""
    return {
        clause.id: {
            "revision": clause.revision,
            "values": {measure.setting: measure.of(operator) for measure in clause.measures},
        }
        for clause in CLAUSES
    }


def difference(before: Facts, after: Facts) -> Difference:
    """Which clauses promise less or more. A clause that is gone promises less, a new one more; a new revision counts as less."""
    looser, tighter = [], []
    measures = {clause.id: {measure.setting: measure for measure in clause.measures} for clause in CLAUSES}
    for clause in before.keys() | after.keys():
        if clause not in after:
            looser.append(clause)
        elif clause not in before:
            tighter.append(clause)
        else:
            ways = {
                compared(measures.get(clause, {}).get(setting), before[clause]["values"].get(setting), value)
                for setting, value in after[clause]["values"].items()
            }
            if Change.LOOSER in ways or after[clause]["revision"] != before[clause]["revision"]:
                looser.append(clause)
            elif Change.TIGHTER in ways:
                tighter.append(clause)
    return Difference(tuple(sorted(looser)), tuple(sorted(tighter)))


def compared(measure: Measure | None, before: Any, after: Any) -> Change:
    """Whether ``after`` promises less or more than ``before``, or the same (``WORDING``). What is not known is taken as less."""
    if before == after:
        return Change.WORDING
    if measure is None or measure.looser == "other" or before is None:
        return Change.LOOSER
    if measure.looser == "added":
        return Change.LOOSER if any(before.get(name) != said for name, said in after.items()) else Change.TIGHTER
    if measure.looser in ("sooner", "later"):
        return Change.LOOSER if _comes_worse(measure.looser, before, after) else Change.TIGHTER
    order = measure.looser
    less = after > before if order == "more" else order.index(after) > order.index(before)
    return Change.LOOSER if less else Change.TIGHTER


def _comes_worse(looser: object, before: int, after: int | None) -> bool:
    """Whether something bad comes sooner, or something good later, in days where 0 is never; None is neither."""
    if after is None:
        return False
    soon, late = (after, before) if looser == "sooner" else (before, after)
    return bool(soon) and (not late or soon < late)


def operator_in_force(*, operator: Operator, now: datetime) -> Operator:
    """The operator's file with the values that hold: a looser one waits until the version that announces it is in force."""
    holding = Version.objects.in_force(now)
    if holding is None:
        return operator
    for clause in CLAUSES:
        promised = holding.facts.get(clause.id, {}).get("values", {})
        for measure in clause.measures:
            if not measure.is_number_or_choice or measure.setting not in promised:
                continue
            if compared(measure, promised[measure.setting], measure.of(operator)) == Change.LOOSER:
                operator = measure.with_value(operator, promised[measure.setting])
    return operator


def operator_now(*, now: datetime) -> Operator:
    """The same of the file that this process began with. ``settings.OPERATOR_IN_FORCE`` names this for the packages below."""
    return operator_in_force(operator=settings.OPERATOR, now=now)


@dataclass(frozen=True)
class ClauseChange:
    """One clause in two versions: None when it is new or gone; ``values`` are (setting, before, after)."""

    id: str
    way: Change
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    values: tuple[tuple[str, Any, Any], ...]


def changes_between(before: Version, after: Version, language: str) -> list[ClauseChange]:
    """The clauses whose text or promise differs, in the order of the later version, those that are gone last."""
    old = {clause["id"]: clause for clause in before.clauses(language)}
    new = {clause["id"]: clause for clause in after.clauses(language)}
    found = difference(before.facts, after.facts)
    ways = dict.fromkeys(found.tighter, Change.TIGHTER) | dict.fromkeys(found.looser, Change.LOOSER)
    return [
        ClauseChange(
            id=clause,
            way=ways.get(clause, Change.WORDING),
            before=old.get(clause),
            after=new.get(clause),
            values=_values(before.facts.get(clause, {}), after.facts.get(clause, {})),
        )
        for clause in [*new, *(gone for gone in old if gone not in new)]
        if old.get(clause) != new.get(clause) or clause in ways
    ]


def _values(before: Facts, after: Facts) -> tuple[tuple[str, Any, Any], ...]:
    was, now = before.get("values", {}), after.get("values", {})
    changed = [name for name in now.keys() | was.keys() if was.get(name) != now.get(name)]
    return tuple((name, _shown(was.get(name)), _shown(now.get(name))) for name in sorted(changed))


def _shown(value: Any) -> Any:
    """A value as a reader takes it in: of entries their names."""
    if isinstance(value, Mapping):
        return ", ".join(str(entry.get("name", key)) for key, entry in sorted(value.items())) or None
    return value
