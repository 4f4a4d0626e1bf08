"""Keep the folder's memory and the journal of erasures up with what the database has committed."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from bonafide.errors import Refused
from bonafide.privacy import journal
from bonafide.privacy.memory import Memory, remember
from bonafide.privacy.models import Erasure

logger = logging.getLogger(__name__)


def note_sweep(*, now: datetime) -> None:
    """Rows were swept, which the database has written down: the folder remembers it, and the journal is complete up to now."""
    transaction.on_commit(partial(_keep_up, Memory(swept_at=now), now))


def note_evidence(*, number: int, digest: str) -> None:
    """The chain of evidence grew up to this entry."""
    transaction.on_commit(partial(_remember, Memory(evidence=number, evidence_digest=digest)))


def note_erasure(*, number: int, digest: str) -> None:
    """Somebody was erased; the journal has the line already."""
    transaction.on_commit(partial(_remember, Memory(erasures=number, erasures_digest=digest)))


def journal_places() -> list[Path]:
    """Where the journal is written: the instance's folder first, then the second place of the operator's file."""
    second = settings.OPERATOR.backup.journal
    return [Path(settings.INSTANCE.home) / journal.NAME, *([Path(second)] if second else [])]


def entry_of(row: Erasure) -> journal.Entry:
    """A row as the journal has it."""
    assert row.number is not None  # noqa: S101 - rows of the journal alone
    assert row.done_at is not None  # noqa: S101
    return journal.Entry(row.number, row.done_at, row.person_id, row.account_id, row.digest)


def last_of_journal() -> tuple[int, str]:
    """Number and digest of the last erasure that the database knows."""
    row = Erasure.objects.journal().last()
    return (row.number or 0, row.digest) if row else (0, journal.GENESIS)


def keep_journals(*, until: datetime) -> None:
    """Bring every place up with the database; a place that cannot be written is said in the log, and tried again next time.

    Over one PostgreSQL, this is how a machine's journal gets what other machines erased.
    """
    for path in journal_places():
        try:
            keep_journal(path, until=until)
        except (Refused, OSError) as error:
            logger.error("the journal of erasures is not complete: %s", error)


def keep_journal(path: Path, *, until: datetime) -> None:
    """:raises JournalBroken: :raises JournalAhead: :raises OSError: the file stays as it is."""
    known = journal.read(path)
    number, _digest = last_of_journal()
    if known and (known.number > number or known.digest_at(known.number) != _digest_at(known.number)):
        raise journal.JournalAhead(f"{path}: it holds erasures that the database does not know: 'bonafide restore --replay'")
    missing = Erasure.objects.journal().filter(number__gt=known.number if known else 0)
    journal.write_on(path, entries=[entry_of(row) for row in missing], until=until)


def _digest_at(number: int) -> str:
    row = Erasure.objects.journal().filter(number=number).first()
    return row.digest if row else journal.GENESIS


def _keep_up(seen: Memory, now: datetime) -> None:
    _remember(seen)
    keep_journals(until=now)
    settle(truncate=True)


def _remember(seen: Memory) -> None:
    settle(truncate=False)
    try:
        remember(Path(settings.INSTANCE.home), seen)
    except (Refused, OSError) as error:
        logger.error("the folder cannot remember what its database knows: %s", error)


def settle(*, truncate: bool) -> None:
    """On SQLite, bring what was committed to the disk before anything remembers it; a power cut would take it back otherwise.

    ``truncate`` also empties the log of writes, which holds what was deleted until then. Whoever reads for long keeps it from
    that for now; the next sweep tries again.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=2000")
        try:
            cursor.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if truncate else 'PASSIVE'})")
            cursor.fetchall()
        finally:
            cursor.execute("PRAGMA busy_timeout=30000")
