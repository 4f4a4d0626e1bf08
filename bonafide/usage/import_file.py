"""A file of usage taken in whole, or not at all."""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO, TextIO, cast
from zoneinfo import ZoneInfo

from django.db import transaction

from bonafide.errors import Refused
from bonafide.usage.catalogue import Catalogue
from bonafide.usage.drafts import Draft, Rejection
from bonafide.usage.ingest import Ingested, Row, ingest
from bonafide.usage.prepare import Preparer
from bonafide.usage.readers import csv_file, focus, jsonl
from bonafide.usage.readers.table import TableRejects
from bonafide.usage.receive import DIFFERENT

FORMATS = {"focus": focus, "csv": csv_file, "jsonl": jsonl}
LOT, LOT_BYTES = 5_000, 4 * 2**20
_LENGTH = 8  # bytes of the length before each lot
REASONS_SHOWN = 5


class FileRefused(Refused):
    """A file with bad rows, of which nothing was taken in; or one that cannot be read."""


@dataclass(frozen=True)
class Imported:
    """What became of a file. ``reasons`` are the first few of ``rejected``, each naming file, row and what is wrong."""

    accepted: int
    duplicates: int
    rejected: int
    accounts_created: int
    reasons: list[str] = field(default_factory=list)


def import_file(
    *,
    path: Path,
    format: str,
    zone: ZoneInfo,
    now: datetime,
    create_accounts: bool = False,
    skip_bad: Path | None = None,
    ahead: timedelta = timedelta(0),
    on_progress: Callable[[int], None] = lambda _bytes: None,
) -> Imported:
    """Read the file once, checking every row, then write all of it in one transaction.

    The checked rows wait on disk in between, so memory stays flat, and the database is not locked while a large file is read.

    :param format: a key of ``FORMATS``.
    :param skip_bad: where refused rows go, in the file's own format; without it one bad row refuses the file.
    :param ahead: usage later than ``now`` plus this is refused.
    :param on_progress: told how many more bytes were read.
    :raises FileRefused: naming the first bad rows and their number; nothing was taken in.
    :raises bonafide.usage.readers.lines.UnreadableFile: when the file is not of its format at all.
    """
    if skip_bad and skip_bad.exists():
        raise FileRefused(f"{skip_bad} is there already: name a new file for the rows that are left out")
    catalogue = Catalogue(create_accounts=create_accounts)
    try:
        with path.open("rb") as stream, tempfile.TemporaryFile(prefix="bonafide-import-") as spool:
            watched = _Watched(stream, on_progress)
            reader = FORMATS[format].Reader(stream=cast(BinaryIO, watched), name=path.name)
            rules = FORMATS[format].RULES
            preparer = Preparer(catalogue=catalogue, rules=rules, zone=zone, now=now, ahead=ahead)
            with _Rejects(path.name, format, reader.header, skip_bad) as bad:
                for lot in _lots(reader, watched):
                    rows, rejected = preparer.rows(lot)
                    for rejection in rejected:
                        bad.add(rejection, hint="" if create_accounts else _hint(rejection))
                    _spool(rows, spool)
                bad.refuse_unless_skipping()
                done = _write(spool, catalogue, path, format, bad, now)
                bad.keep()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read ({error.strerror}): name a readable file") from None
    return Imported(done.accepted, done.duplicates, bad.count, len(catalogue.new_accounts), bad.reasons)


def _lots(reader: Iterable[Draft | Rejection], watched: _Watched) -> Iterator[list[Draft | Rejection]]:
    """Drafts by the thousand, fewer where rows are long: a lot is what is in memory at a time."""
    lot: list[Draft | Rejection] = []
    start = watched.read_bytes
    for draft in reader:
        lot.append(draft)
        if len(lot) >= LOT or watched.read_bytes - start > LOT_BYTES:
            yield lot
            lot, start = [], watched.read_bytes
    if lot:
        yield lot


def _hint(rejection: Rejection) -> str:
    return "; add --create-accounts to make it" if "reference of an account" in rejection.reason else ""


def _spool(rows: list[Row], spool: IO[bytes]) -> None:
    """Each lot after its length, so that it is read back in one piece: marshal alone reads a file byte by byte."""
    packed = marshal.dumps(rows)
    spool.write(len(packed).to_bytes(_LENGTH))
    spool.write(packed)


def _spooled(spool: IO[bytes], ids: dict[int, int]) -> Iterator[Row]:
    """The rows as they were checked; accounts that were still to be made have their ids by now."""
    spool.seek(0)
    while length := spool.read(_LENGTH):
        rows = marshal.loads(spool.read(int.from_bytes(length)))  # noqa: S302 our own temporary file, which has no name
        if ids:
            rows = [row if row[2] > 0 else (*row[:2], ids[row[2]], *row[3:]) for row in rows]
        yield from rows


def _write(spool: IO[bytes], catalogue: Catalogue, path: Path, format: str, bad: _Rejects, now: datetime) -> Ingested:
    with transaction.atomic():
        ids = catalogue.make_accounts(now=now) if catalogue.new_accounts else {}
        done = ingest(rows=_spooled(spool, ids), origin=path.name, now=now, rejected=bad.count, test_accounts=catalogue.clocks)
        if done.differing:
            bad.add_differing(path, format, done.differing)
            bad.refuse_unless_skipping()
    return done


class _Watched:
    """A stream that tells how far it was read."""

    def __init__(self, stream: IO[bytes], on_progress: Callable[[int], None]) -> None:
        self._stream, self._on_progress = stream, on_progress
        self.read_bytes = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self.read_bytes += len(block)
        self._on_progress(len(block))
        return block


class _Rejects:
    """Refused rows: counted, the first few remembered, all of them kept in a file when the person asked for that.

    The file gets its name only at the end; until then, and when the import fails, there is none.
    """

    def __init__(self, name: str, format: str, header: list[str], target: Path | None) -> None:
        self.count = 0
        self.reasons: list[str] = []
        self._name, self._target = name, target
        self._draft: TextIO | None = None
        if target:
            draft = tempfile.NamedTemporaryFile(  # noqa: SIM115 closed on the way out
                "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}."
            )
            self._draft = cast(TextIO, draft)
            kind = jsonl.Rejects if format == "jsonl" else TableRejects
            self._writer = kind(target=self._draft, header=header)

    def add(self, rejection: Rejection, hint: str = "") -> None:
        self.count += 1
        if len(self.reasons) < REASONS_SHOWN:
            self.reasons.append(f"{self._name} row {rejection.position}: {rejection.reason}{hint}")
        if self._draft:
            self._writer.write(rejection)

    def add_differing(self, path: Path, format: str, positions: list[int]) -> None:
        """Rows that only the database knew to be wrong: their text is read again, which a pipe cannot do."""
        wanted = set(positions)
        if not path.is_file():
            raise FileRefused(
                f"{path.name} row {positions[0]}: {DIFFERENT}; nothing was taken in from {path}, which is not a plain file"
            )
        with path.open("rb") as stream:
            for draft in FORMATS[format].Reader(stream=stream, name=self._name):
                if draft.position in wanted and isinstance(draft, Draft):
                    self.add(Rejection(draft.position, f"{FORMATS[format].RULES.name('id')} {draft.id!r} {DIFFERENT}", draft.raw))

    def refuse_unless_skipping(self) -> None:
        if self.count and not self._draft:
            more = f"; {self.count - 1} more rows are bad" if self.count > 1 else ""
            raise FileRefused(f"{self.reasons[0]}{more}; nothing was taken in (--skip-bad REJECTS would take in the good rows)")

    def keep(self) -> None:
        if self._draft and self._target and self.count:
            self._draft.flush()
            os.link(self._draft.name, self._target)

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._draft:
            self._draft.close()  # and with that it is gone, unless keep() gave it a name
