"""Rows of a CSV file under its header, shared by the formats that are CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TextIO

from bonafide.usage.drafts import Rejection
from bonafide.usage.readers.lines import UnreadableFile, text_lines


class Table:
    """Header and rows. Rows are numbered as a spreadsheet does: the header is row 1.

    :raises UnreadableFile: without a header, when the header names a column twice, or lacks one of ``needed``.
    """

    def __init__(self, *, stream: BinaryIO, name: str, needed: Iterable[str], example: str) -> None:
        self._name = name
        self._rows = csv.reader(text_lines(stream=stream, name=name), strict=True)
        try:
            self.header = [column.strip() for column in next(self._rows, [])]
        except csv.Error as error:
            raise UnreadableFile(f"{name} row 1: {error}: expected CSV with a header such as {example}") from None
        missing = [column for column in needed if column not in self.header]
        if missing:
            raise UnreadableFile(f"{name} row 1: column {missing[0]} is missing: expected a header such as {example}")
        for column in self.header:
            if self.header.count(column) > 1:
                raise UnreadableFile(f"{name} row 1: column {column!r} stands there twice: expected each column once")

    def rows(self) -> Iterator[tuple[int, list[str]] | Rejection]:
        """Row numbers with their fields; a row with too many or too few fields is a rejection.

        :raises UnreadableFile: where the text stops being CSV (a quote that never closes).
        """
        width = len(self.header)
        number = 1
        try:
            for number, fields in enumerate(self._rows, start=2):
                if len(fields) == width:
                    yield number, fields
                elif fields:
                    yield Rejection(number, f"{len(fields)} fields: expected {width}, as in the header", fields)
        except csv.Error as error:
            raise UnreadableFile(
                f"{self._name} row {number + 1}: {error}: expected CSV, with quotes closed and doubled inside"
            ) from None


class TableRejects:
    """Writes refused rows under the header they came with."""

    def __init__(self, *, target: TextIO, header: list[str]) -> None:
        self._writer = csv.writer(target, lineterminator="\n")
        self._writer.writerow(header)

    def write(self, rejection: Rejection) -> None:
        self._writer.writerow(rejection.raw)
