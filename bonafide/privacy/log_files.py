"""Deletes lines of log files by the age of what they say, in plain, rotated and compressed files alike. Pure of the database.

A line's age is that of the time in it, whatever the name or the date of its file. A line without a time belongs to the one
before it (a stack trace, say); lines before the first time of a file are as old as that one. A file in which no time can be
read is as old as its last change.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
# 2026-11-23T03:10:00.5+01:00, 2026-11-23 03:10:00, 2026/11/23 03:10:00 (nginx's error log)
_ISO = re.compile(rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")
# 23/Nov/2026:03:10:00 +0100 (the common log format)
_COMMON = re.compile(rb"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})")
# Nov 23 03:10:00 (syslog, RFC 3164: without a year)
_SYSLOG = re.compile(rb"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)")
# "time": 1795403400.123 (seconds since 1970, as Caddy writes them)
_EPOCH = re.compile(rb'"(?:ts|time|timestamp)":\s?(1\d{9})(?:\.\d+)?\b')
_Act = Callable[[Path, datetime, Callable[[bytes], bool], "Swept"], None]
_NEVER = datetime.min.replace(tzinfo=UTC)
_LOOK = 400  # a time stands at the beginning of its line


@dataclass
class Swept:
    """What a sweep saw and did: ``oldest`` is the oldest line that is left and not held.

    ``unreadable`` files are judged by their last change.
    """

    files: int = 0
    lines_deleted: int = 0
    files_deleted: int = 0
    held: int = 0
    unreadable: int = 0
    oldest: datetime | None = None
    faults: list[str] = field(default_factory=list)

    def seen(self, moment: datetime) -> None:
        if self.oldest is None or moment < self.oldest:
            self.oldest = moment


def sweep_logs(*, folders: Iterable[Path], cutoff: datetime, keep: Callable[[bytes], bool] = lambda _line: False) -> Swept:
    """Delete every line older than ``cutoff`` below ``folders``, and files that hold none younger.

    ``keep`` says of a line that is due that it stays (a legal hold). A file that cannot be read or written is left as it is and
    named in ``faults``. A file is rewritten only when lines in it are due: with one file a day its writer has moved on by then.
    """
    return _go(folders, cutoff, keep, _delete)


def look_at_logs(
    *,
    folders: Iterable[Path],
    cutoff: datetime = _NEVER,
    keep: Callable[[bytes], bool] = lambda _line: False,
) -> Swept:
    """The same look without deleting anything: what is due counts for ``oldest``, what is held beyond ``cutoff`` does not."""
    return _go(folders, cutoff, keep, _look)


def _go(folders: Iterable[Path], cutoff: datetime, keep: Callable[[bytes], bool], act: _Act) -> Swept:
    swept = Swept()
    for path in _files(folders):
        swept.files += 1
        try:
            act(path, cutoff, keep, swept)
        except (OSError, EOFError, lzma.LZMAError) as error:
            swept.faults.append(f"{path.name}: {getattr(error, 'strerror', None) or 'cannot be read as its name says'}")
    return swept


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@dataclass
class _Lines:
    """What is in one file: when the first line was, how many are due, left and held, the oldest that is due and that is left."""

    first: datetime | None = None
    due: int = 0
    left: int = 0
    held: int = 0
    oldest_due: datetime | None = None
    oldest_left: datetime | None = None


def _delete(path: Path, cutoff: datetime, keep: Callable[[bytes], bool], swept: Swept) -> None:
    changed = _changed(path)
    lines = _count(path, changed, cutoff, keep)
    if lines.first is None:
        swept.unreadable += 1
        if changed < cutoff:
            path.unlink()
            swept.files_deleted += 1
        elif path.stat().st_size:
            swept.seen(changed)
        return
    swept.held += lines.held
    if lines.oldest_left:
        swept.seen(lines.oldest_left)
    if not lines.due:
        return
    if not lines.left + lines.held:
        path.unlink()
        swept.files_deleted += 1
    else:
        _rewrite(path, changed, cutoff, keep)
    swept.lines_deleted += lines.due


def _look(path: Path, cutoff: datetime, keep: Callable[[bytes], bool], swept: Swept) -> None:
    changed = _changed(path)
    lines = _count(path, changed, cutoff, keep)
    swept.held += lines.held
    if lines.first is None:
        swept.unreadable += 1
        if path.stat().st_size:
            swept.seen(changed)
    for moment in (lines.oldest_due, lines.oldest_left):
        if moment:
            swept.seen(moment)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _count(path: Path, changed: datetime, cutoff: datetime, keep: Callable[[bytes], bool]) -> _Lines:
    lines = _Lines()
    for moment, line in _dated(path, changed):
        lines.first = lines.first or moment
        if moment is None:
            continue
        if moment >= cutoff:
            lines.left += 1
            lines.oldest_left = min(moment, lines.oldest_left or moment)
        elif keep(line):
            lines.held += 1
        else:
            lines.due += 1
            lines.oldest_due = min(moment, lines.oldest_due or moment)
    return lines


def _rewrite(path: Path, changed: datetime, cutoff: datetime, keep: Callable[[bytes], bool]) -> None:
    """The file without what is due, put in its place in one step, with its owner, rights and time."""
    opener = _OPENERS.get(path.suffix, open)
    draft = path.with_name(f".{path.name}.sweeping")
    state = path.stat()
    try:
        with opener(draft, "wb") as written:
            for moment, line in _dated(path, changed):
                if moment is None or moment >= cutoff or keep(line):
                    written.write(line)
        shutil.copymode(path, draft)
        if os.geteuid() == 0:
            os.chown(draft, state.st_uid, state.st_gid)
        os.utime(draft, (state.st_atime, state.st_mtime))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _dated(path: Path, changed: datetime) -> Iterator[tuple[datetime | None, bytes]]:
    """Each line with its time; lines before the first time have that one's, and None when there is none in the file."""
    opener: Any = _OPENERS.get(path.suffix, open)
    waiting: list[bytes] = []
    moment: datetime | None = None
    with opener(path, "rb") as stream:
        for line in stream:
            found = time_of(line, changed=changed)
            if found is None and moment is None:
                waiting.append(line)
                continue
            if moment is None:
                yield from ((found, earlier) for earlier in waiting)
                waiting.clear()
            moment = found or moment
            yield moment, line
    yield from ((None, line) for line in waiting)


def time_of(line: bytes, *, changed: datetime) -> datetime | None:
    """The time that stands in a line of a log, or None. A time without zone is UTC.

    One without a year is of the last such day before ``changed``, the last change of its file.
    """
    head = line[:_LOOK]
    try:
        if found := _ISO.search(head):
            *parts, zone = found.groups()
            return datetime(*map(int, parts), tzinfo=_zone(zone))  # type: ignore[misc,arg-type]
        if found := _COMMON.search(head):
            day, month, year, hour, minute, second, zone = found.groups()
            number = _MONTHS[month.decode()]
            return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone))
        if found := _SYSLOG.search(head):
            return _without_year(*found.groups(), changed=changed)
        if found := _EPOCH.search(head):
            return datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, KeyError):
        return None
    return None


def _zone(text: bytes | None) -> timezone:
    if not text or text == b"Z":
        return UTC
    sign = -1 if text[:1] == b"-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _without_year(month: bytes, day: bytes, hour: bytes, minute: bytes, second: bytes, *, changed: datetime) -> datetime:
    number = _MONTHS[month.decode()]
    for year in (changed.year, changed.year - 1, changed.year - 2, changed.year - 3, changed.year - 4):
        try:
            moment = datetime(year, number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        except ValueError:  # 29 February of another year
            continue
        if moment <= changed + timedelta(days=1):
            return moment
    raise ValueError
