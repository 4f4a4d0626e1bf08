"""The journal of erasures: one line for each, chained, in a file that no backup of the database puts back. Pure of Django.

A line holds numbers only: ``{"number", "at", "person", "account", "digest"}``, where the digest is the SHA-256 of the digest
before (64 hexadecimal digits), a line feed and the other four as JSON. The last line of the file, ``{"until", "number",
"digest"}``, says up to which moment the journal is known to be complete and how it ends: a journal that was edited, or cut
anywhere, is noticed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bonafide.errors import Refused

NAME = "erasures.jsonl"
GENESIS = "0" * 64
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class JournalBroken(Refused):
    """The file is no journal, or not the whole of one."""


class JournalAhead(Refused):
    """The file holds erasures that the database does not know: the database was put back, or is another's."""


@dataclass(frozen=True)
class Entry:
    """One erasure: ids of a login or of an account, and the chain's digest up to here."""

    number: int
    at: datetime
    person: int | None
    account: int | None
    digest: str

    def line(self) -> str:
        return json.dumps({**_content(self.number, self.at, self.person, self.account), "digest": self.digest})


@dataclass(frozen=True)
class Journal:
    """A whole journal; ``until`` is the moment up to which it is known to be complete."""

    entries: tuple[Entry, ...] = ()
    until: datetime | None = None

    @property
    def number(self) -> int:
        return len(self.entries)

    @property
    def digest(self) -> str:
        return self.entries[-1].digest if self.entries else GENESIS

    def digest_at(self, number: int) -> str:
        """The digest of the entry of that number; of 0, what the chain begins with; empty when it is not there."""
        if not 0 <= number <= len(self.entries):
            return ""
        return self.entries[number - 1].digest if number else GENESIS


def following(*, number: int, digest: str, at: datetime, person: int | None, account: int | None) -> Entry:
    """The entry after the one with this number and digest."""
    at = at.astimezone(UTC).replace(microsecond=0)
    return Entry(number + 1, at, person, account, _digest(digest, _content(number + 1, at, person, account)))


def read(path: Path) -> Journal | None:
    """The journal in a file, verified from its first line on; None when there is no file.

    :raises JournalBroken: naming the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise JournalBroken(f"{path}: cannot be read as a journal of erasures ({error})") from None
    entries: list[Entry] = []
    digest = GENESIS
    for place, line in enumerate(lines[:-1], start=1):
        entry = _parsed(path, place, line)
        known = following(number=place - 1, digest=digest, at=entry.at, person=entry.person, account=entry.account)
        if known != entry:
            raise JournalBroken(f"{path}, line {place}: the chain does not hold: a line was edited, added or taken out")
        entries.append(entry)
        digest = entry.digest
    return Journal(tuple(entries), _end(path, lines, len(entries), digest))


def _parsed(path: Path, place: int, line: str) -> Entry:
    try:
        told = json.loads(line)
        return Entry(told["number"], _moment(told["at"]), told["person"], told["account"], told["digest"])
    except (ValueError, KeyError, TypeError):
        raise JournalBroken(f"{path}, line {place}: expected an erasure as the console writes it") from None


def _end(path: Path, lines: Sequence[str], number: int, digest: str) -> datetime:
    try:
        told = json.loads(lines[-1])
        until, ends = _moment(told["until"]), (told["number"], told["digest"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise JournalBroken(f"{path}: its last line is missing: the file was cut; take a whole copy") from None
    if ends != (number, digest):
        raise JournalBroken(f"{path}: it ends with erasure {number}, and its last line says {ends[0]}: lines were taken out")
    return until


def write_on(path: Path, *, entries: Sequence[Entry], until: datetime) -> Journal:
    """Add what is not there yet, and note that it is complete up to ``until``; in one step, on the disk when this returns.

    :raises JournalBroken: :raises JournalAhead: the file stays as it is.
    """
    with held(path):
        old = read(path) or Journal()
        for entry in entries:
            if old.digest_at(entry.number) not in ("", entry.digest):
                raise JournalAhead(f"{path}: its erasure {entry.number} is not the one of this database")
        new = [entry for entry in entries if entry.number > old.number]
        if new and new[0].number != old.number + 1:
            raise JournalBroken(f"{path}: erasures {old.number + 1} to {new[0].number - 1} are missing")
        whole = Journal((*old.entries, *new), max(until, old.until or until))
        _put(path, whole)
        return whole


def take_back(path: Path, *, entry: Entry) -> None:
    """Take the last entry out again: what it announces was rolled back."""
    with held(path):
        old = read(path)
        if old and old.entries and old.entries[-1] == entry:
            _put(path, Journal(old.entries[:-1], old.until))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody else writes this file meanwhile."""
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put(path: Path, journal: Journal) -> None:
    until = journal.until or datetime.min.replace(tzinfo=UTC)
    end = json.dumps({"until": until.astimezone(UTC).strftime(_TIME), "number": journal.number, "digest": journal.digest})
    put_in_place(path, "\n".join([*(entry.line() for entry in journal.entries), end, ""]))


def put_in_place(path: Path, text: str) -> None:
    """A small file written whole or not at all, for its owner alone, and on the disk when this returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _content(number: int, at: datetime, person: int | None, account: int | None) -> dict[str, object]:
    return {"number": number, "at": at.astimezone(UTC).strftime(_TIME), "person": person, "account": account}


def _digest(previous: str, content: dict[str, object]) -> str:
    told = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{told}".encode()).hexdigest()


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
