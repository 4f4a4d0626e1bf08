"""Text lines of a binary stream of any size: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from bonafide.errors import Refused

BLOCK = 1 << 18
LONGEST_LINE = 1 << 20


class UnreadableFile(Refused):
    """A file that is not what its format says; the text names file, row and what was expected."""


def text_lines(*, stream: BinaryIO, name: str) -> Iterator[str]:
    """The lines of ``stream`` with their line feeds.

    :raises UnreadableFile: on bytes that are not UTF-8 (naming line and byte) and on a line above ``LONGEST_LINE`` bytes, without
        reading further.
    """
    rest = b""
    before = 0  # lines already handed out
    first = True
    while block := stream.read(BLOCK):
        if first:
            block, first = _without_mark(block, name), False
        cut = block.rfind(b"\n") + 1
        if not cut:
            rest += block
            if len(rest) > LONGEST_LINE:
                raise UnreadableFile(f"{name} line {before + 1} is longer than {LONGEST_LINE} bytes: expected one event a line")
            continue
        lines = _decoded(rest + block[:cut], name, before).split("\n")
        rest = block[cut:]
        before += len(lines) - 1
        lines.pop()
        for line in lines:
            yield line + "\n"
    if rest:
        yield _decoded(rest, name, before)


def _without_mark(block: bytes, name: str) -> bytes:
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile(f"{name} is UTF-16: expected UTF-8; save it again as UTF-8")
    return block.removeprefix(codecs.BOM_UTF8)


def _decoded(data: bytes, name: str, before: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = before + data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise UnreadableFile(
            f"{name} line {line}, byte {column}: 0x{data[error.start]:02x} is not UTF-8: save the file again as UTF-8"
        ) from None
