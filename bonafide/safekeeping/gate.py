"""The gate before ``bonafide serve``: shut after a restore, and whenever the database knows less than its folder remembers."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click
from django.conf import settings
from django.db import connection

from bonafide.errors import Refused
from bonafide.privacy import journal
from bonafide.privacy.memory import Memory, recall, remember
from bonafide.privacy.models import SweepRun
from bonafide.privacy.models.erasures import Erasure
from bonafide.privacy.remember import journal_places, keep_journals, last_of_journal
from bonafide.privacy.sweep_runs import last_sweep
from bonafide.safekeeping.databases import MARK
from bonafide.safekeeping.restored import restored
from bonafide.terms.models import Evidence

OVERDUE = timedelta(hours=2)  # the schedule sweeps every hour
_REMEDY = "run 'bonafide restore --replay' first"


class BehindItsTime(Refused):
    """What was swept and erased since is back in the database: nobody may be served from it."""


def refuse_restored(*, home: Path) -> None:
    """:raises BehindItsTime: while a restored backup was not brought up to date."""
    found = restored(home)
    if found:
        made = found.get("made_at", "?")
        raise BehindItsTime(f"a backup of {made} was put back, and what was swept and erased since is in it again: {_REMEDY}")
    if MARK in connection.introspection.table_names():
        raise BehindItsTime(
            f"a backup was put back into this database, and what was swept and erased since is in it again: {_REMEDY},"
            " on the machine on which it was put back"
        )


def refuse_gone_back(*, home: Path) -> None:
    """:raises BehindItsTime: when the folder, or a journal of erasures, knows more than the database."""
    seen, memory = known_to_database(), recall(home)
    if memory.evidence and _digest_of_evidence(memory.evidence) != memory.evidence_digest:
        raise BehindItsTime(
            f"the database was put back to an earlier day: this folder remembers evidence {memory.evidence},"
            f" the database ends with {seen.evidence} or has another: {_REMEDY}"
        )
    if memory.erasures > seen.erasures or digest_of_erasure(memory.erasures) != memory.erasures_digest:
        raise BehindItsTime(
            f"the database was put back to an earlier day: this folder remembers {memory.erasures} erasures,"
            f" the database knows {seen.erasures} or others: {_REMEDY}"
        )
    if memory.swept_at and (seen.swept_at is None or seen.swept_at < memory.swept_at):
        raise BehindItsTime(
            f"the database was put back to an earlier day: it was swept on {memory.swept_at:%Y-%m-%d %H:%M} UTC,"
            f" and knows nothing of it: {_REMEDY}"
        )
    for path in journal_places():
        _refuse_ahead(path)


def _refuse_ahead(path: Path) -> None:
    try:
        kept = journal.read(path)
    except journal.JournalBroken as error:
        raise BehindItsTime(f"{error}; {_REMEDY}") from None
    number, _digest = last_of_journal()
    if kept and (kept.number > number or digest_of_erasure(kept.number) != kept.digest):
        raise BehindItsTime(
            f"the database was put back to an earlier day: {path} holds {kept.number} erasures,"
            f" the database knows {number} or others: {_REMEDY}"
        )


def catch_up(*, home: Path, now: datetime) -> None:
    """The gate is open: the folder remembers what the database knows, and rows and logs that are overdue are swept now.

    A machine that was off for a month must not serve old addresses until the schedule comes round.
    """
    remember(home, known_to_database())
    keep_journals(until=now)
    last = _swept_at()
    if last and now - last <= OVERDUE:
        return
    from bonafide.privacy.sweep import sweep_old_logs
    from bonafide.privacy.sweep_rows import sweep_rows
    from bonafide.terms.versions import operator_in_force

    if last:
        click.echo(f"Sweeping first: the last time was {last:%Y-%m-%d %H:%M} UTC")
    operator = operator_in_force(operator=settings.OPERATOR, now=now)
    swept = sweep_rows(operator=operator, now=now)
    sweep_old_logs(operator=operator, now=now)
    if last:
        click.echo(f"{sum(swept.addresses.values())} IP addresses erased, {sum(swept.deleted.values())} rows deleted")


def known_to_database() -> Memory:
    """What the database knows, as the folder remembers it."""
    evidence = Evidence.objects.order_by("-number").values_list("number", "digest").first()
    return Memory(*(evidence or (0, journal.GENESIS)), *last_of_journal(), _swept_at())


def _swept_at() -> datetime | None:
    """Of the last sweep of the rows that went through, its beginning."""
    last = last_sweep(SweepRun.Kind.ROWS)
    return last.begun_at if last else None


def digest_of_erasure(number: int) -> str:
    """Of the database's own; what the chain begins with for 0, empty when there is none."""
    if not number:
        return journal.GENESIS
    return Erasure.objects.filter(number=number).values_list("digest", flat=True).first() or ""


def _digest_of_evidence(number: int) -> str:
    return Evidence.objects.filter(number=number).values_list("digest", flat=True).first() or ""
