"""Bring a database that was put back up to date with what was promised since: erase again, sweep, then lift the gate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from bonafide.errors import Refused
from bonafide.privacy import journal
from bonafide.privacy.erase import erase_again
from bonafide.privacy.finish_erasures import finish_kept
from bonafide.privacy.journal import Entry, Journal, JournalBroken
from bonafide.privacy.memory import Memory, MemoryBroken, begin_anew, recall
from bonafide.privacy.remember import journal_places, keep_journals, last_of_journal, settle
from bonafide.privacy.sweep import sweep_old_logs
from bonafide.privacy.sweep_rows import sweep_rows
from bonafide.safekeeping.databases import MARK
from bonafide.safekeeping.gate import digest_of_erasure, known_to_database
from bonafide.safekeeping.restored import open_again, restored
from bonafide.terms.versions import operator_in_force

# The console writes each hour up to when the journal is complete.
FRESH = timedelta(hours=2)


class CannotReplay(Refused):
    """Nobody can tell who was erased since: the gate stays shut."""


@dataclass(frozen=True)
class Answer:
    """A person who stands for it that nobody was erased after what the journal says."""

    by: str


@dataclass(frozen=True)
class Replayed:
    """How many were erased again, IP addresses erased, rows of history and lines of logs deleted."""

    erased: int
    addresses: int
    rows: int
    lines: int


def replay(*, given: Path | None, answer: Answer | None, now: datetime) -> Replayed:
    """Erase again whom the journal names, sweep by the terms in force, write down what was done, and lift the gate.

    Again, it finds nothing left to do; broken off, it begins anew.

    :param given: a journal kept elsewhere; otherwise that of the folder or of ``backup.journal``, whichever reaches further.
    :raises CannotReplay: :raises JournalBroken: the gate stays as it is.
    """
    home = Path(settings.INSTANCE.home)
    memory = _remembered(home)
    kept = _journal(given)
    refuse_gap(kept=kept, memory=memory, answer=answer, now=now)
    again = _erase_again(kept.entries[last_of_journal()[0] :] if kept else (), now)
    _set_broken_aside()
    operator = operator_in_force(operator=settings.OPERATOR, now=now)
    swept, logs = sweep_rows(operator=operator, now=now), sweep_old_logs(operator=operator, now=now)
    finish_kept(now=now)
    keep_journals(until=now)
    settle(truncate=True)
    done = Replayed(again, sum(swept.addresses.values()), sum(swept.deleted.values()), logs.lines_deleted)
    begin_anew(home, known_to_database())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {MARK}")
    open_again(home, done=_line(home, done, memory, answer, now))
    return done


def refuse_gap(*, kept: Journal | None, memory: Memory, answer: Answer | None, now: datetime) -> None:
    """A journal has to join the database where that ends, to hold what the folder remembers, and to reach up to now.

    It reaches up to now when it was complete less than two hours ago, or when the console did not run in this folder since.

    :raises CannotReplay: what is missing, and what to do.
    """
    number, _digest = last_of_journal()
    known = kept or Journal()
    if kept and kept.digest_at(min(number, kept.number)) != digest_of_erasure(min(number, kept.number)):
        raise CannotReplay(f"the journal is of another history: its erasure {min(number, kept.number)} is not this database's")
    if memory.erasures > max(known.number, number):
        raise CannotReplay(
            f"this folder remembers {memory.erasures} erasures, the journal holds {known.number}: give the whole one (--erasures)"
        )
    if memory.erasures > number and known.digest_at(memory.erasures) != memory.erasures_digest:
        raise CannotReplay(
            f"the journal is of another history: its erasure {memory.erasures} is not the one this folder remembers"
        )
    if answer:
        return
    if kept is None or kept.until is None:
        raise CannotReplay(
            "no journal of erasures was found: give it with --erasures; if nobody was erased since the backup, somebody has to"
            " answer for that: --no-erasures-since --by NAME"
        )
    if kept.number < number:
        raise CannotReplay(f"the journal ends with erasure {kept.number}, the database with {number}: give a newer one")
    still = memory.swept_at is not None and memory.swept_at <= kept.until + timedelta(seconds=1)
    if now - kept.until > FRESH and not still:
        raise CannotReplay(
            f"the journal is known to be complete up to {kept.until:%Y-%m-%d %H:%M} UTC only: give a newer one with --erasures;"
            " if nobody was erased since, somebody has to answer for that: --no-erasures-since --by NAME"
        )


def _remembered(home: Path) -> Memory:
    try:
        return recall(home)
    except MemoryBroken:
        return Memory()


def _journal(given: Path | None) -> Journal | None:
    """The given one; else the whole one that reaches furthest.

    :raises JournalBroken: the given one is not whole, or none is where there should be one.
    """
    if given is not None:
        found = journal.read(given)
        if found is None:
            raise CannotReplay(f"{given}: no such file: expected a journal of erasures ({journal.NAME})")
        return found
    whole: list[Journal] = []
    broken: JournalBroken | None = None
    for path in journal_places():
        try:
            found = journal.read(path)
        except JournalBroken as error:
            broken = error
            continue
        whole += [found] if found else []
    if broken and not whole:
        raise broken
    beginning = datetime.min.replace(tzinfo=UTC)
    return max(whole, key=lambda one: (one.number, one.until or beginning), default=None)


def _erase_again(entries: tuple[Entry, ...], now: datetime) -> int:
    for entry in entries:
        erase_again(entry=entry, now=now)
    return len(entries)


def _set_broken_aside() -> None:
    """A journal that does not hold makes room for one that does: the database knows all of it by now."""
    for path in journal_places():
        try:
            journal.read(path)
        except JournalBroken:
            os.replace(path, path.with_name(f"{path.name}.broken"))


def _line(home: Path, done: Replayed, memory: Memory, answer: Answer | None, now: datetime) -> dict[str, object]:
    found = restored(home) or {}
    return {
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "backup_of": found.get("made_at", ""),
        "restored_at": found.get("restored_at", ""),
        "remembered_evidence": memory.evidence,
        "erased_again": done.erased,
        "addresses_erased": done.addresses,
        "rows_deleted": done.rows,
        "lines_of_logs_deleted": done.lines,
        "no_erasures_since_says": answer.by if answer else "",
    }
