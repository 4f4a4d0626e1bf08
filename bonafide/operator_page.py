"""``docs/settings.md``: every key of the operator's file, generated from the models that check it. Pure."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from bonafide.operator import Operator, Provider, Section, SignIn, sections


def settings_page() -> str:
    """``docs/settings.md``: every key with its type, default and meaning, generated from the models above."""
    parts = [
        "# Settings",
        "",
        "One file, `operator.toml` in the instance's folder (`BONAFIDE_HOME`, by default `./bonafide-data`). A wrong or missing",
        "key is refused at start-up with its name, its value and what was expected. This page is generated: `make docs`.",
    ]
    for name, section in sections().items():
        field = Operator.model_fields[name]
        need = "required" if field.is_required() else "optional"
        parts += [
            "",
            f"## [{name}] ({need})",
            "",
            *_table(section),
        ]
        if section is SignIn:
            parts += ["", f"### [[{name}.providers]] (optional, any number)", "", *_table(Provider)]
    parts += ["", "## The environment", "", "| variable | meaning |", "|---|---|"]
    parts += [f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()]
    return "\n".join(parts) + "\n"


def _table(section: type[Section]) -> Iterator[str]:
    """What a section is for, and its keys."""
    yield inspect.cleandoc(section.__doc__ or "")
    yield ""
    yield "| key | kind | default | meaning |"
    yield "|---|---|---|---|"
    for key, entry in section.model_fields.items():
        default = "required" if entry.is_required() else "" if entry.default is None else f"`{_toml(entry.default)}`"
        yield f"| `{key}` | {_kind(entry.annotation)} | {default} | {entry.description} |"


ENVIRONMENT = {
    "BONAFIDE_HOME": "Folder of the instance: the operator's file, the SQLite database, documents, letters and keys.",
    "DATABASE_URL": "`postgresql://user:password@host:port/name` moves the database to PostgreSQL (or `DATABASE_URL_FILE`).",
    "BONAFIDE_SECRET_KEY": "Signs cookies and links (or `..._FILE`); by default a key kept in the instance's `keys/`.",
    "BONAFIDE_EVIDENCE_KEY": "Signs the evidence: 64 hexadecimal digits (or `..._FILE`); by default a key kept in `keys/`.",
    "BONAFIDE_OIDC_<ID>_SECRET": "Client secret of the provider with this id, in capitals and with `_` for `-` (or `..._FILE`).",
    "BONAFIDE_MAIL_PASSWORD": "Password of the SMTP user (or `BONAFIDE_MAIL_PASSWORD_FILE`).",
}


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) is tuple and get_args(annotation)[0] is Provider:
        return "tables"
    if get_origin(annotation) is tuple:
        return f"list of {_kind(get_args(annotation)[0])}"
    return {str: "text", int: "whole number", bool: "true or false", Decimal: "decimal as text"}[annotation]
