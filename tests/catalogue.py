"""Every string that people read, and its French. ``python -m tests.catalogue`` brings the catalogue up to date.

Needs no gettext tools: Django turns templates into code, Babel finds the strings in code and writes both files.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).parent.parent / "bonafide"
LANGUAGE = "fr"
PO = PACKAGE / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Key = tuple[str | None, str | tuple[str, ...]]


def strings_of(code: bytes) -> Iterator[tuple[int, Key]]:
    """Line and (context, string or (singular, plural)) of each call that translates a literal."""
    for line, function, found, _ in extract_python(io.BytesIO(code), KEYWORDS.keys(), (), {"encoding": "utf-8"}):  # type: ignore[arg-type]
        values = found if isinstance(found, tuple) else (found,)
        literal = [value for value in values if isinstance(value, str)]
        if function in ("pgettext", "pgettext_lazy") and len(literal) == 2:
            yield line, (literal[0], literal[1])
        elif function == "npgettext" and len(literal) >= 3:
            yield line, (literal[0], (literal[1], literal[2]))
        elif function in ("ngettext", "ngettext_lazy") and len(literal) >= 2:
            yield line, (None, (literal[0], literal[1]))
        elif len(literal) == 1 and literal[0]:
            yield line, (None, literal[0])


def translatable() -> dict[Key, list[tuple[str, int]]]:
    """Every translatable string of the package, with where it stands."""
    places: dict[Key, list[tuple[str, int]]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            code = path.read_bytes()
        elif path.suffix in (".html", ".txt", ".xml") and "templates" in path.parts:
            # Line by line without indentation: what surrounds the strings is blanked out and is not real Python.
            plain = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            code = "\n".join(line.strip() for line in plain.splitlines()).encode()
        else:
            continue
        name = path.relative_to(PACKAGE.parent).as_posix()
        for line, key in strings_of(code):
            places.setdefault(key, []).append((name, line))
    return places


def catalogue() -> Catalog:
    """The French catalogue as it is kept."""
    with PO.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def entry(kept: Catalog, key: Key) -> Message | None:
    context, text = key
    return kept.get(text, context)


def bring_up_to_date() -> list[Key]:
    """Write the catalogue anew: new strings empty, unused ones gone, translations kept. Returns what still lacks French."""
    old = catalogue() if PO.exists() else Catalog(locale=LANGUAGE)
    new = Catalog(locale=LANGUAGE, project="Bonafide", charset="utf-8", fuzzy=False)
    new.header_comment = "# French texts of Bonafide. Brought up to date by: python -m tests.catalogue"
    for (context, text), places in translatable().items():
        was = entry(old, (context, text))
        names = sorted({name for name, _ in places})
        new.add(text, was.string if was else None, locations=[(name, None) for name in names], context=context)  # type: ignore[list-item]
    new.creation_date = new.revision_date = old.creation_date if PO.exists() else new.creation_date
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, width=120, sort_output=True, omit_header=False)
    with MO.open("wb") as file:
        write_mo(file, new)
    return [(message.context, message.id) for message in new if message.id and not filled(message)]


def filled(message: Message) -> bool:
    """Whether every form of the message is translated."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms)


if __name__ == "__main__":
    missing = bring_up_to_date()
    for _context, text in missing:
        sys.stdout.write(f"no French for: {text!r}\n")
    sys.exit(1 if missing else 0)
