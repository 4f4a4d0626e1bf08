"""Forms with nested keys, and what each request may hold.

A description is a dictionary from names to kinds; a name that ends in ``!`` is required. A kind is ``STR``, ``INT``, ``BOOL``,
``MAP`` (free names, short texts), ``RANGE`` (an instant, or bounds of instants), ``ANY``, a tuple of the texts allowed, a list of
one kind, or a dictionary again.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.stripe.errors import Refused

STR, INT, BOOL, MAP, RANGE, ANY = "str", "int", "bool", "map", "range", "any"
BOUNDS = {"gt": INT, "gte": INT, "lt": INT, "lte": INT}


def decode(text: str) -> dict[str, Any]:
    """``a[b]=c&d[0]=e&d[]=f`` as ``{"a": {"b": "c"}, "d": ["e", "f"]}``."""
    tree: dict[str, Any] = {}
    for place, (key, value) in enumerate(parse_qsl(text, keep_blank_values=True)):
        head, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", key) or [key]
        node, name = tree, head
        for part in rest:
            below = node.setdefault(name, {})
            if not isinstance(below, dict):
                raise Refused(f"Invalid object: {key}", param=head)
            node, name = below, part or f"{place}"
        node[name] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(below) for name, below in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def check(described: dict[str, Any], given: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The parameters with their types. An empty text, which unsets, becomes None.

    :raises Refused: naming the parameter.
    """
    kinds = {name.rstrip("!"): kind for name, kind in described.items()}

    def full(name: str) -> str:
        return f"{above}[{name}]" if above else name

    for name in given:
        if name not in kinds:
            raise Refused(f"Received unknown parameter: {full(name)}", param=full(name), code="parameter_unknown")
    for name in described:
        if name.endswith("!") and given.get(name[:-1], "") == "":
            wanted = full(name[:-1])
            raise Refused(f"Missing required param: {wanted}.", param=wanted, code="parameter_missing")
    return {name: _typed(kinds[name], value, full(name)) for name, value in given.items()}


def _typed(kind: Any, value: Any, name: str) -> Any:
    if value == "" or kind == ANY:
        return None if value == "" else value
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            raise Refused("Invalid object", param=name)
        return check(kind, value, name)
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise Refused("Invalid array", param=name)
        return [_typed(kind[0], item, f"{name}[{place}]") for place, item in enumerate(value)]
    if kind == RANGE and isinstance(value, dict):
        return check(BOUNDS, value, name)
    if kind == MAP:
        return _map(value, name)
    if not isinstance(value, str):
        raise Refused(f"Invalid string: {value}", param=name)
    return _scalar(kind, value, name)


def _scalar(kind: Any, value: str, name: str) -> Any:
    if isinstance(kind, tuple):
        if value not in kind:
            raise Refused(f"Invalid {name}: must be one of {', '.join(kind)}", param=name)
        return value
    if kind in (INT, RANGE):
        if not re.fullmatch(r"-?\d+", value):
            raise Refused(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
        return int(value)
    if kind == BOOL:
        if value not in ("true", "false"):
            raise Refused(f"Invalid boolean: {value}", param=name)
        return value == "true"
    if len(value) > 5000:
        raise Refused(f"Invalid string: {value[:20]}...; must be at most 5000 characters", param=name)
    return value


def _map(value: Any, name: str) -> dict[str, str]:
    """Metadata: up to 50 keys of 40 characters, values of 500; an empty value takes the key out."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Refused("Invalid object", param=name)
    for key, text in value.items():
        if len(key) > 40 or len(text) > 500:
            raise Refused(f"Metadata keys have up to 40 characters and values up to 500: {key[:40]}", param=name)
    if len(value) > 50:
        raise Refused("Metadata can have up to 50 keys", param=name)
    return value


def merged(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    if new is None:
        return {}
    return {name: value for name, value in (old | new).items() if value != ""}
