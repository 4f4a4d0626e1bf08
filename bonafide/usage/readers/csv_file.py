"""Usage in plain CSV: ``id,account,meter,time,quantity`` with ``source`` and ``unit`` if wanted; other columns are dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from bonafide.usage.drafts import Draft, Rejection, Rules
from bonafide.usage.readers.table import Table

RULES = Rules()
SOURCE = "csv"  # of files without a source column: the same file under another name is the same usage
EXAMPLE = "id,account,meter,time,quantity"
_NEEDED = ("id", "account", "meter", "time", "quantity")
_OURS = {*_NEEDED, "source", "unit"}


class Reader:
    """One file being read; ``header`` is known from the start.

    :raises bonafide.usage.readers.lines.UnreadableFile: when it is not CSV, or lacks a needed column.
    """

    def __init__(self, *, stream: BinaryIO, name: str) -> None:
        self._table = Table(stream=stream, name=name, needed=_NEEDED, example=EXAMPLE)
        self.header = self._table.header

    def __iter__(self) -> Iterator[Draft | Rejection]:
        places = {column: place for place, column in enumerate(self.header)}
        at_id, at_account, at_meter, at_time, at_quantity = (places[column] for column in _NEEDED)
        at_source, at_unit = places.get("source"), places.get("unit")
        others = _dimensions(self.header)
        for row in self._table.rows():
            if isinstance(row, Rejection):
                yield row
                continue
            number, fields = row
            yield Draft(
                number,
                SOURCE if at_source is None else fields[at_source] or SOURCE,
                fields[at_id],
                fields[at_account],
                fields[at_meter],
                fields[at_time],
                fields[at_quantity],
                {column: fields[place] for column, place in others if fields[place]},
                "" if at_unit is None else fields[at_unit],
                "",
                fields,
            )


def _dimensions(header: list[str]) -> list[tuple[str, int]]:
    """The columns that are dimensions, with their places."""
    return [(column, place) for place, column in enumerate(header) if column and column not in _OURS]
