"""What staff want otherwise on the lines of a bill, from a file or a form."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bonafide.errors import Refused

FIELDS = ("leave_out", "quantity", "unit_price", "text", "sort")
_LONGEST = {"text": 400, "sort": 30}
_DECIMALS = 12


class BadChange(Refused):
    """A change of a line that cannot be read."""


class LineChange(NamedTuple):
    """What is otherwise on a line; empty for what stays. ``sort`` is which rates of VAT it bears, ``standard`` or one's own."""

    leave_out: bool = False
    quantity: str = ""
    unit_price: str = ""
    text: str = ""
    sort: str = ""


Changes = Mapping[int, LineChange]


def read_changes(*, text: str, name: str) -> dict[int, LineChange]:
    """The changes in a file, by position: TOML, or JSON in a file whose ``name`` ends in it.

    ``[lines.3]`` with any of ``leave_out = true``, ``quantity``, ``unit_price``, ``text`` and ``sort``; numbers as text.

    :raises BadChange: naming the file, the line and what was expected.
    """
    try:
        content = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except ValueError as error:
        raise BadChange(f"{name}: {error}") from None
    lines = content.get("lines") if isinstance(content, dict) else None
    if not isinstance(lines, dict) or set(content) != {"lines"}:
        raise BadChange(f"{name}: expected tables [lines.1], [lines.2] and so on, and nothing else")
    return {_position(key, name): change_of(values=values, where=f"{name}, line {key}") for key, values in lines.items()}


def _position(key: str, name: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 9):
        raise BadChange(f"{name}: {key!r} is no number of a line: expected a table such as [lines.3]")
    return int(key)


def change_of(*, values: Any, where: str) -> LineChange:
    """One line's change, from values by name.

    :raises BadChange: naming the value and what was expected.
    """
    if not isinstance(values, dict):
        raise BadChange(f"{where}: expected a table of {', '.join(FIELDS)}")
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name not in FIELDS:
            raise BadChange(f"{where}: {name!r} is unknown: expected one of {', '.join(FIELDS)}")
        if name == "leave_out":
            if not isinstance(value, bool):
                raise BadChange(f"{where}: leave_out is {value!r}: expected true or false")
            found[name] = value
        elif name in _LONGEST:
            said = " ".join(value.split()) if isinstance(value, str) else ""
            if not said or len(said) > _LONGEST[name]:
                raise BadChange(f"{where}: {name} is {value!r}: expected at most {_LONGEST[name]} characters")
            found[name] = said
        else:
            found[name] = _number(value, f"{where}: {name}")
    return LineChange(**found)


def _number(value: object, what: str) -> str:
    """An exact decimal number of the size that can be billed."""
    try:
        number = Decimal(value) if isinstance(value, str | int) and not isinstance(value, bool) else Decimal("NaN")
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > 15 or -int(number.as_tuple().exponent) > _DECIMALS:
        raise BadChange(f'{what} is {value!r}: expected a decimal number in quotes, such as "2.5"')
    return str(value).strip()
