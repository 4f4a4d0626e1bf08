"""Usage as one JSON object a line (NDJSON), in the form of the API's events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, TextIO

import msgspec

from bonafide.usage.drafts import Draft, Rejection, Rules
from bonafide.usage.readers.lines import text_lines

RULES = Rules()


class WireEvent(msgspec.Struct, gc=False):
    """One event as senders write it. Quantities are text or whole numbers: a JSON fraction has already lost digits."""

    id: str
    source: str
    account: str
    meter: str
    time: str
    quantity: str | int = ""
    dimensions: dict[str, str | int | bool] | None = None
    unit: str = ""

    def draft(self, position: int, raw: object = None) -> Draft:
        return Draft(
            position,
            self.source,
            self.id,
            self.account,
            self.meter,
            self.time,
            self.quantity,
            _texts(self.dimensions) if self.dimensions else {},
            self.unit,
            "",
            raw,
        )


def _texts(dimensions: dict[str, str | int | bool]) -> dict[str, str]:
    """Numbers and truths as JSON writes them."""
    if all([type(value) is str for value in dimensions.values()]):  # noqa: C419 - a list is quicker than a generator here
        return dimensions  # type: ignore[return-value]
    return {name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in dimensions.items()}


_decode = msgspec.json.Decoder(WireEvent).decode


class Reader:
    """One file being read, a line at a time; empty lines are passed over."""

    def __init__(self, *, stream: BinaryIO, name: str) -> None:
        self._lines = text_lines(stream=stream, name=name)
        self.header: list[str] = []

    def __iter__(self) -> Iterator[Draft | Rejection]:
        for number, line in enumerate(self._lines, start=1):
            try:
                yield _decode(line).draft(number, line)
            except msgspec.DecodeError as error:
                if line.strip():
                    yield Rejection(number, plain_reason(error), line)


def plain_reason(error: msgspec.DecodeError) -> str:
    """What the decoder found, in words a sender can act on."""
    text = str(error).replace("`", "").replace(" - at $.", " in ").replace("Object missing required field ", "missing field ")
    kind = "" if isinstance(error, msgspec.ValidationError) else "not JSON: "
    if "got float" in text:
        text += ' (write a fraction as text, such as "12.5": a JSON number would lose digits)'
    return kind + text[0].lower() + text[1:]


class Rejects:
    """Writes refused lines back as they stood."""

    def __init__(self, *, target: TextIO, header: list[str]) -> None:
        self._target = target

    def write(self, rejection: Rejection) -> None:
        self._target.write(str(rejection.raw).rstrip("\n") + "\n")
