"""Typst, told once how we want it: our fonts alone, PDF/A-3b and PDF/UA-1, every warning an error, the same bytes every time.

Nothing here runs at import: a process that has compiled must not fork (its children would hang), and the background
workers are forked from one that only imports.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import typst
import weblate_fonts

TEMPLATES = Path(__file__).parent / "typst"
# Stands where no font has a shape for a character (an emoji in a company's name), on paper only.
SUBSTITUTE = "\ufffd"

# Characters of data, about 300 lines, from which on a worker's memory is worth the few milliseconds that clearing it takes.
_LARGE = 50_000
_UNSHOWN = re.compile(r'the text `"(.+)"` could not be displayed', re.DOTALL)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")


class CannotTypeset(Exception):
    """Typst refused or warned; the text is its own first line."""


def typeset(*, template: str, data: str, timestamp: datetime, attached: str = "") -> bytes:
    """The PDF of a template in ``typst/`` for JSON text ``data`` that it reads as ``sys.inputs.data``.

    ``timestamp`` is an aware instant that stands as the time of creation; ``attached`` is text that the template attaches as a
    file, when there is some (``sys.inputs.attached``). The same input gives the same bytes.

    :raises CannotTypeset: when Typst refuses or warns; nothing doubtful is ever delivered.
    """
    timestamp = timestamp.astimezone(UTC).replace(microsecond=0)  # PDF knows whole seconds
    try:
        return _typeset(template, data, timestamp, attached)
    finally:
        if len(data) > _LARGE:
            _forget()


def _typeset(template: str, data: str, timestamp: datetime, attached: str) -> bytes:
    try:
        return _compile(template, data, timestamp, attached)
    except typst.TypstError as error:
        if not _UNSHOWN.search(error.message):
            raise CannotTypeset(error.message) from error
    unshown = _without_glyph({character for character in data if ord(character) > 0x7F})
    try:
        return _compile(template, data.translate(dict.fromkeys(map(ord, unshown), SUBSTITUTE)), timestamp, attached)
    except typst.TypstError as error:
        raise CannotTypeset(error.message) from error


def _compile(template: str, data: str, timestamp: datetime, attached: str = "") -> bytes:
    pdf, warnings = typst.compile_with_warnings(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": data, "attached": attached} if attached else {"data": data},
        pdf_standards=["a-3b", "ua-1"],
        timestamp=timestamp,
    )
    if warnings:
        raise CannotTypeset(warnings[0].message)
    return pdf


def _forget() -> None:
    """Make Typst let go of what it laid out.

    It remembers the last ten compilations: a bill of 3,000 lines is 200 MB, ten of them in a row would be 2 GB. Ten compilations
    of next to nothing push it out.
    """
    for _time in range(10):
        _compile("probe.typ", "", _ANY_TIME)


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, and those that cover the scripts of the world; read once in a process."""
    folder = Path(weblate_fonts.__file__).parent / "static" / "weblate_fonts"
    return typst.Fonts(
        include_system_fonts=False, font_paths=[str(folder / "kurinto" / "ttf"), str(folder / "source-sans" / "ttf")]
    )


def _without_glyph(characters: set[str]) -> set[str]:
    """Those that Typst cannot show, asked of Typst itself: it names one at a time, so they are taken out one by one."""
    left, unshown = sorted(characters), set()
    while left:
        try:
            _compile("probe.typ", " ".join(left), _ANY_TIME)
            break
        except typst.TypstError as error:
            found = _UNSHOWN.search(error.message)
            named = set(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), found[1])) & set(left) if found else set()
            if not named:
                raise CannotTypeset(error.message) from error
            unshown |= named
            left = [character for character in left if character not in named]
    return unshown
