"""Rows of text as CSV, cell by cell harmless to spreadsheets; streamed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

# What a spreadsheet may take for a formula (OWASP, CSV injection). A number below zero is none.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def csv_lines(*, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The header and a line for each row, each with its line end (RFC 4180); what a row has not is an empty cell."""
    names = list(columns)
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([harmless(row.get(name)) for name in names])
        yield buffer.getvalue()


def harmless(value: object) -> str:
    """The cell as text; in front of what would be read as a formula stands an apostrophe, as spreadsheets mark text."""
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
