"""Deletes the letters that lie in the folder of a console that is tried out, by the date in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path


@dataclass
class SweptLetters:
    """How many files were looked at, deleted and held; what could not be, in words."""

    files: int = 0
    files_deleted: int = 0
    held: int = 0
    faults: list[str] = field(default_factory=list)


def sweep_letter_files(*, folder: Path, cutoff: datetime, held: Iterable[str] = ()) -> SweptLetters:
    """Delete every file whose first letter is older than ``cutoff``: one file is what was sent in one conversation.

    Its ``Date`` says how old a letter is, whatever became of the file since; a file without one is as old as its last change.

    :param held: addresses of those whose letters a legal hold keeps: a file in which one of them stands, stays.
    """
    swept, kept = SweptLetters(), [address.lower().encode() for address in held if address]
    for path in _files(folder):
        swept.files += 1
        try:
            if date_of(path) >= cutoff:
                continue
            text = path.read_bytes().lower() if kept else b""
            if any(address in text for address in kept):
                swept.held += 1
            else:
                path.unlink()
                swept.files_deleted += 1
        except OSError as error:
            swept.faults.append(f"{path.name}: {error.strerror}")
    return swept


def date_of(path: Path) -> datetime:
    """When the first letter of a file was written."""
    with path.open("rb") as stream:
        said = BytesHeaderParser().parse(stream).get("Date")
    try:
        found = parsedate_to_datetime(str(said)) if said else None
    except ValueError:
        found = None
    if found is None:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
