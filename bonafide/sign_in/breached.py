"""The operator's file of breached passwords, looked up without ever being loaded: it may hold 40 GB.

The form is that of Pwned Passwords, ordered by hash: on each line the SHA-1 of a password in hexadecimal, a colon and how often
it was seen, sorted. A look-up is a binary search by seeking: some 35 short reads. Pure.
"""

from __future__ import annotations

import os
import re
from hashlib import sha1
from pathlib import Path
from typing import BinaryIO

_LINE = re.compile(rb"([0-9A-Fa-f]{40})(:\d+)?\s*")
_LONGEST = 128  # bytes of a line, many more than any has
_PROBES = 512  # places at which the order is looked at, over the whole file


class BadBreachedList(Exception):
    """The file cannot be used; the text names it, what is wrong and the remedy."""


def is_breached(path: Path, password: str) -> bool:
    """Whether the file has the password.

    :raises BadBreachedList: when the file cannot be read, or is not what it should be where it was read.
    """
    wanted = sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with path.open("rb") as file:
            return _holds(file, path, wanted)
    except OSError as error:
        raise _unreadable(path, error) from None


def refuse_bad_list(path: Path) -> None:
    """Look at the file's beginning, its end and places between.

    :raises BadBreachedList: when it cannot be read, is empty, has lines of another form, or is not sorted by hash.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                raise BadBreachedList(f"{path} is empty: expected the SHA-1 of one breached password a line")
            before, where = b"", 0
            for position in (*(size * probe // _PROBES for probe in range(_PROBES)), _last_line(file, size)):
                place, found = _first_line_from(file, path, position)
                if place == where and place:
                    continue
                if found and found <= before:
                    raise BadBreachedList(
                        f"{path} is not sorted by hash (near byte {place}): take Pwned Passwords ordered by hash, or sort it"
                    )
                before, where = found or before, place
    except OSError as error:
        raise _unreadable(path, error) from None


def _last_line(file: BinaryIO, size: int) -> int:
    """Where the last line begins."""
    tail = max(size - _LONGEST, 0)
    file.seek(tail)
    return tail + file.read().rstrip().rfind(b"\n") + 1


def _unreadable(path: Path, error: OSError) -> BadBreachedList:
    return BadBreachedList(f"{path} cannot be read ({error.strerror}): point sign_in.breached_passwords at a readable file")


def _holds(file: BinaryIO, path: Path, wanted: bytes) -> bool:
    low, high = 0, file.seek(0, os.SEEK_END)  # the line, if it is there, begins at low or later, and before high
    while low < high:
        middle = (low + high) // 2
        place, found = _first_line_from(file, path, middle)
        if found == wanted:
            return True
        if not found or place >= high or found > wanted:
            high = middle
        else:
            low = place + 1
    return False


def _first_line_from(file: BinaryIO, path: Path, position: int) -> tuple[int, bytes]:
    """Where the first line that begins at ``position`` or later does, and its hash in capitals; an empty hash at the end."""
    file.seek(max(position - 1, 0))
    if position:
        file.readline(_LONGEST)
    place = file.tell()
    line = file.readline(_LONGEST)
    if not line.strip():
        return place, b""
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadBreachedList(
            f"{path}, at byte {place}: expected 40 hexadecimal digits, a colon and a count (Pwned Passwords, ordered by hash)"
        )
    return place, match[1].upper()
