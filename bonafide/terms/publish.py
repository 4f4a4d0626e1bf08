"""The state of the promises for machines and for people: one clause as a dictionary, a year of it at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bonafide.terms.audit import Standing, as_entry
from bonafide.terms.models import Attestation, Evidence

WEEKS = 52


@dataclass(frozen=True)
class Week:
    """Seven days of a clause: ``kept``, ``broken``, ``attested`` or ``none`` (nothing was looked at)."""

    first: date
    state: str


def standing_as_dict(standing: Standing) -> dict[str, object]:
    """``{"id", "state", "checked_at", "evidence"}``; the evidence is the entry of the chain, or the attestation."""
    evidence: dict[str, object] | None = None
    checked_at = None
    if standing.evidence:
        evidence = as_entry(standing.evidence)
        checked_at = evidence["at"]
    elif standing.attestation:
        signed = standing.attestation
        checked_at = signed.on.isoformat()
        evidence = {"by": signed.by, "as": signed.capacity, "on": checked_at, "until": signed.until.isoformat()}
    return {"id": standing.clause.id, "state": str(standing.state), "checked_at": checked_at, "evidence": evidence}


def years(*, today: date, zone: ZoneInfo) -> dict[str, list[Week]]:
    """The last 52 weeks of every clause that anything is known of, the running one last; two queries."""
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    known: dict[str, dict[int, str]] = {}
    rows = Evidence.objects.filter(at__gte=begin).values_list("clause", "at", "kept")
    for clause, at, kept in rows.iterator(chunk_size=5000):
        week = (at.astimezone(zone).date() - first).days // 7
        states = known.setdefault(clause, {})
        if states.get(week) != "broken":
            states[week] = "kept" if kept else "broken"
    for signed in Attestation.objects.filter(until__gt=first):
        _mark_attested(known.setdefault(signed.clause, {}), signed, first)
    return {clause: [_week(states, number, first) for number in range(WEEKS)] for clause, states in known.items()}


def _mark_attested(states: dict[int, str], signed: Attestation, first: date) -> None:
    for number in range(WEEKS):
        monday = first + timedelta(weeks=number)
        if signed.on < monday + timedelta(days=7) and monday < signed.until:
            states[number] = "attested"


def _week(states: dict[int, str], number: int, first: date) -> Week:
    return Week(first + timedelta(weeks=number), states.get(number, "none"))


def in_words(weeks: Iterable[Week]) -> dict[str, int]:
    """How many weeks are of each state, for who cannot see the picture."""
    counted = {"kept": 0, "broken": 0, "attested": 0, "none": 0}
    for week in weeks:
        counted[week.state] += 1
    return counted
