"""A phone's camera, in small: what the square code in a page says.

Of the library that drew it only the tables of ISO 18004 are used. Nothing is blurred on a page: words that mend errors are left
aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest

from segno import consts

Matrix = list[list[int]]
# The eight masks of ISO 18004, 7.8.2, by the number that the code itself says.
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda row, column: (row + column) % 2 == 0,
    lambda row, column: row % 2 == 0,
    lambda row, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: (row * column) % 2 + (row * column) % 3 == 0,
    lambda row, column: ((row * column) % 2 + (row * column) % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + (row * column) % 3) % 2 == 0,
)
_LEVELS = {0b01: consts.ERROR_LEVEL_L, 0b00: consts.ERROR_LEVEL_M, 0b11: consts.ERROR_LEVEL_Q, 0b10: consts.ERROR_LEVEL_H}
_BYTES, _ECI, _END = 0b0100, 0b0111, 0b0000


def scanned(page: str) -> str:
    """The text of the first code in a page.

    :raises ValueError: when there is none that can be read.
    """
    found = re.search(
        r'<svg[^>]*viewBox="0 0 (\d+) \d+"[^>]*class="qr"[^>]*>.*?<path[^>]*stroke="#000"[^>]*d="([^"]+)"', page, re.DOTALL
    )
    if not found:
        raise ValueError("no code is in the page")
    return text_of(_drawn(int(found[1]), found[2]))


def _drawn(width: int, path: str) -> Matrix:
    """The modules that strokes of half a module above the line fill, without the quiet zone of four."""
    whole = [[0] * width for _ in range(width)]
    x = y = 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path):
        if step == "h":
            for column in range(int(x), int(x + float(first))):
                whole[int(y)][column] = 1
            x += float(first)
        elif step == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second)
    return [row[4:-4] for row in whole[4:-4]]


def text_of(matrix: Matrix) -> str:
    """What a code says whose segments are of bytes."""
    size = len(matrix)
    version = (size - 17) // 4
    told = [matrix[8][column] for column in (0, 1, 2, 3, 4)]
    format = int("".join(map(str, told)), 2) ^ 0b10101
    mask, level = _MASKS[format & 7], _LEVELS[format >> 3]
    bits = [matrix[row][column] ^ mask(row, column) for row, column in _walk(size, _fixed(size, version))]
    words = [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - 7, 8)]
    return _said("".join(f"{word:08b}" for word in _in_order(words, version, level)), version)


def _fixed(size: int, version: int) -> set[tuple[int, int]]:
    """Modules that say nothing: finders with format, timing, alignment, version."""
    fixed = {(row, column) for row in range(9) for column in range(9)}
    fixed |= {(row, column) for row in range(9) for column in range(size - 8, size)}
    fixed |= {(row, column) for row in range(size - 8, size) for column in range(9)}
    fixed |= {place for at in range(size) for place in ((6, at), (at, 6))}
    if version >= 7:
        fixed |= {place for a in range(6) for b in range(size - 11, size - 8) for place in ((a, b), (b, a))}
    centres = consts.ALIGNMENT_POS[version - 2] if version >= 2 else ()
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for row, column in ((a, b) for a in centres for b in centres if (a, b) not in corners):
        fixed |= {(row + a, column + b) for a in range(-2, 3) for b in range(-2, 3)}
    return fixed


def _walk(size: int, fixed: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Two columns at a time from the right, up and down in turn, past the column of the timing pattern."""
    up, right = True, size - 1
    while right > 0:
        right -= right == 6
        for row in range(size - 1, -1, -1) if up else range(size):
            for column in (right, right - 1):
                if (row, column) not in fixed:
                    yield row, column
        up, right = not up, right - 2


def _in_order(words: list[int], version: int, level: int) -> list[int]:
    """The data of all blocks, which are written in turn."""
    lengths = [blocks.num_data for blocks in consts.ECC[version][level] for _ in range(blocks.num_blocks)]
    found: list[list[int]] = [[] for _ in lengths]
    turns = zip_longest(*([at] * length for at, length in enumerate(lengths)))
    for at, word in zip((at for at in chain.from_iterable(turns) if at is not None), words, strict=False):
        found[at].append(word)
    return list(chain.from_iterable(found))


def _said(bits: str, version: int) -> str:
    at, content = 0, b""
    while at + 4 <= len(bits):
        mode, at = int(bits[at : at + 4], 2), at + 4
        if mode == _END:
            break
        if mode == _ECI:
            at += 8
        elif mode == _BYTES:
            wide = 8 if version < 10 else 16
            length, at = int(bits[at : at + wide], 2), at + wide
            content += bytes(int(bits[start : start + 8], 2) for start in range(at, at + 8 * length, 8))
            at += 8 * length
        else:
            raise ValueError(f"a segment of mode {mode:04b}: expected bytes")
    return content.decode()
