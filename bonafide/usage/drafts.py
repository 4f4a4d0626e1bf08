"""What a reader makes of one row before anything is looked up: texts as they stood, or the reason there is nothing to look up."""

from __future__ import annotations

from typing import Any

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


def dimensions_text(dimensions: dict[str, str]) -> str:
    """Dimensions as an event keeps them: JSON, by name; empty when there are none."""
    return _encode(dimensions).decode() if dimensions else ""


class Draft(msgspec.Struct, gc=False):
    """One event as its sender wrote it.

    ``position`` is the sender's number of the row. ``raw`` is the row itself, to be written back when it is refused.
    ``account_name`` is what a new account would be called. ``dimensions_text`` is :func:`dimensions_text` of the dimensions
    where the reader has it at hand already, else empty.
    """

    position: int
    source: str
    id: str
    account: str
    meter: str
    time: str
    quantity: str | int
    dimensions: dict[str, str]
    unit: str = ""
    account_name: str = ""
    raw: Any = None
    dimensions_text: str = ""


class Rejection(msgspec.Struct, gc=False):
    """A row that cannot be taken, and why, in words that name column, value and what was expected."""

    position: int
    reason: str
    raw: Any = None


class Rules(msgspec.Struct, frozen=True):
    """How one kind of sender writes.

    ``names`` are its own words for our fields, for messages. ``statement`` is true for a provider's statement of charges:
    its times may come without a zone and are UTC; its days are the provider's own UTC dates whatever the operator's zone, so that
    a month of the statement stays one month here; its quantities keep their sign (credits) and are rounded half up to the
    meter's decimals.
    """

    names: dict[str, str] = {}
    statement: bool = False

    def name(self, field: str) -> str:
        return self.names.get(field, field)
