"""Usage in plain CSV: ``id,account,meter,time,quantity`` with ``source`` and ``unit`` if wanted; other columns are dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import BinaryIO

from bonafide.usage.drafts import Draft, Rejection, Rules, dimensions_text
from bonafide.usage.readers.table import Table

RULES = Rules()
SOURCE = "csv"  # of files without a source column: the same file under another name is the same usage
EXAMPLE = "id,account,meter,time,quantity"
_NEEDED = ("id", "account", "meter", "time", "quantity")
_OURS = {*_NEEDED, "source", "unit"}
KEPT, LONGEST_KEPT = 10_000, 400


class Reader:
    """One file being read; ``header`` is known from the start.

    :raises bonafide.usage.readers.lines.UnreadableFile: when it is not CSV, or lacks a needed column.
    """

    def __init__(self, *, stream: BinaryIO, name: str) -> None:
        self._table = Table(stream=stream, name=name, needed=_NEEDED, example=EXAMPLE)
        self.header = self._table.header

    def __iter__(self) -> Iterator[Draft | Rejection]:
        places = {column: place for place, column in enumerate(self.header)}
        main = itemgetter(*(places[column] for column in _NEEDED))
        at_source, at_unit = places.get("source"), places.get("unit")
        dimensions = _Dimensions(self.header)
        for row in self._table.rows():
            if isinstance(row, Rejection):
                yield row
                continue
            number, fields = row
            ident, account, meter, time, quantity = main(fields)
            named, text = dimensions.of(fields)
            source = SOURCE if at_source is None else fields[at_source] or SOURCE
            unit = "" if at_unit is None else fields[at_unit]
            yield Draft(number, source, ident, account, meter, time, quantity, named, unit, "", fields, text)


class _Dimensions:
    """The columns that are dimensions. Rows repeat each other in them, so what was made of the same fields is kept."""

    def __init__(self, header: list[str]) -> None:
        others = [(column, place) for place, column in enumerate(header) if column and column not in _OURS]
        self._columns = [column for column, _place in others]
        self._places = [place for _column, place in others]
        self._kept: dict[tuple[str, ...], tuple[dict[str, str], str]] = {}

    def of(self, fields: list[str]) -> tuple[dict[str, str], str]:
        """The dimensions of one row and their text."""
        values = tuple([fields[place] for place in self._places])
        return self._kept.get(values) or self._make(values)

    def _make(self, values: tuple[str, ...]) -> tuple[dict[str, str], str]:
        named = {column: value for column, value in zip(self._columns, values, strict=True) if value}
        made = (named, dimensions_text(named))
        if len(made[1]) < LONGEST_KEPT:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[values] = made
        return made
