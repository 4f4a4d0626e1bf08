"""Whether a value is as an OpenAPI description has it: every field known, of its type, one of its values, and none missing."""

from __future__ import annotations

import re
from typing import Any

KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array", type(None): "null"}


class Description:
    """``whole`` is the document; what is asked about is told by paths, methods and the names of objects."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.schemas: dict[str, Any] = whole["components"]["schemas"]
        self.version: str = whole["info"]["version"]
        self._paths = [
            (re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"), found) for path, found in whole["paths"].items()
        ]
        hooks = whole["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
        self.event_types = set(hooks["schema"]["properties"]["enabled_events"]["items"]["enum"])

    def answer(self, method: str, path: str, *, good: bool) -> dict[str, Any] | None:
        """The schema of an answer; None for an address that is not described."""
        for pattern, found in self._paths:
            if pattern.match(path) and method.lower() in found:
                responses = found[method.lower()]["responses"]
                schema: dict[str, Any] = responses["200" if good else "default"]["content"]["application/json"]["schema"]
                return schema
        return None

    def takes(self, method: str, path: str, name: str) -> bool:
        """Whether a request has this parameter, ``name`` as in a form: ``line_items[0][price_data][currency]``."""
        head, *rest = re.findall(r"[^\[\]]+", name)
        for pattern, found in self._paths:
            if pattern.match(path) and method.lower() in found:
                asked = found[method.lower()]
                known = {one["name"]: one["schema"] for one in asked.get("parameters", []) if one["in"] == "query"}
                form = asked.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
                known |= form.get("schema", {}).get("properties", {})
                return head in known and self._has(known[head], rest)
        return False

    def _has(self, schema: dict[str, Any], parts: list[str]) -> bool:
        schema = self._resolved(schema)
        if not parts:
            return True
        if "anyOf" in schema:
            return any(self._has(one, parts) for one in schema["anyOf"])
        if schema.get("type") == "array":
            return self._has(schema["items"], parts[1:])
        inner = schema.get("properties", {}).get(parts[0], schema.get("additionalProperties"))
        return bool(inner) and (inner is True or self._has(inner, parts[1:]))

    def faults(self, schema: dict[str, Any], value: Any, at: str = "") -> list[str]:
        """What is not as described, each with where."""
        schema = self._resolved(schema)
        if value is None:
            return [] if schema.get("nullable") or schema.get("enum") == [""] else [f"{at} is null"]
        if "anyOf" in schema:
            return self._of_any(schema["anyOf"], value, at)
        wanted = schema.get("type", "object" if "properties" in schema else "")
        kind = KINDS[type(value)]
        if wanted and kind != wanted and (wanted, kind) != ("number", "integer"):
            return [f"{at} is {kind}, not {wanted}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{at} is {value!r}, not one of {', '.join(map(str, schema['enum'][:8]))}"]
        if isinstance(value, list):
            return [fault for item in value for fault in self.faults(schema.get("items", {}), item, f"{at}[]")]
        return self._of_object(schema, value, at) if isinstance(value, dict) else []

    def _of_any(self, choices: list[dict[str, Any]], value: Any, at: str) -> list[str]:
        """The faults of the choice that is nearest: of an object, the one that bears its name."""
        named = [one for one in choices if isinstance(value, dict) and self._name(one) == value.get("object", "-")]
        return min((self.faults(one, value, at) for one in named or choices), key=len)

    def _name(self, schema: dict[str, Any]) -> str:
        names: list[str] = self._resolved(schema).get("properties", {}).get("object", {}).get("enum", [""])
        return names[0]

    def _of_object(self, schema: dict[str, Any], value: dict[str, Any], at: str) -> list[str]:
        known, free = schema.get("properties", {}), schema.get("additionalProperties", not schema.get("properties"))
        missing = [f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value]
        found = []
        for name, inner in value.items():
            if name in known:
                found += self.faults(known[name], inner, f"{at}.{name}")
            elif not free:
                found.append(f"{at}.{name} is not described")
            elif isinstance(free, dict):
                found += self.faults(free, inner, f"{at}.{name}")
        return missing + found

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            nullable = schema.get("nullable")
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
            if nullable:
                schema = schema | {"nullable": True}
        return schema


def unlike(ours: Any, theirs: Any, at: str = "") -> list[str]:
    """Fields of two answers to the same question that are of different kinds; an id stands for its object, null for anything."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [fault for name in ours.keys() & theirs.keys() for fault in unlike(ours[name], theirs[name], f"{at}.{name}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        return unlike(ours[0], theirs[0], f"{at}[]") if ours and theirs else []
    kinds = {KINDS[type(ours)], KINDS[type(theirs)]}
    return (
        []
        if "null" in kinds or len(kinds) == 1 or kinds == {"string", "object"}
        else [f"{at} is {KINDS[type(ours)]}, not {KINDS[type(theirs)]}"]
    )
