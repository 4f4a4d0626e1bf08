"""``docs/settings.md``: every key of the operator's file, generated from the models that check it. Pure."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from bonafide.operator import Operator, Provider, sections
from bonafide.operator_dunning import LateRate, OwnLadder
from bonafide.operator_privacy import Floor, Processor
from bonafide.operator_tax import OtherSales, Sentence, TaxRate
from bonafide.operator_values import Section
from bonafide.operator_webhooks import Webhook

TABLES: dict[str, type[Section]] = {
    "sign_in.providers": Provider,
    "retention.floors": Floor,
    "tax.rates": TaxRate,
    "tax.other_eu_sales": OtherSales,
    "tax.sentences": Sentence,
    "dunning.rates": LateRate,
}


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
        for key, of_many in TABLES.items():
            if key.startswith(f"{name}."):
                parts += ["", f"### [[{key}]] (optional, any number)", "", *_table(of_many)]
    parts += ["", "### [dunning.business] and [dunning.consumers] (optional)", "", *_table(OwnLadder)]
    parts += ["", "## [[processors]] (optional, any number)", "", *_table(Processor)]
    parts += ["", "## [[webhooks]] (optional, any number)", "", *_table(Webhook)]
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
        default = "required" if entry.is_required() else _default(entry.default)
        yield f"| `{key}` | {_kind(entry.annotation)} | {default} | {entry.description} |"


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Section):
        return ""
    if isinstance(value, tuple) and value and isinstance(value[0], Section):
        return "<br>".join(f"`{_inline(each)}`" for each in value)
    return f"`{_toml(value)}`"


def _inline(section: Section) -> str:
    """A section as an inline table of TOML."""
    return "{" + ", ".join(f"{key} = {_toml(value)}" for key, value in section.model_dump().items()) + "}"


ENVIRONMENT = {
    "BONAFIDE_HOME": "Folder of the instance: the operator's file, the SQLite database, documents, letters and keys.",
    "DATABASE_URL": "`postgresql://user:password@host:port/name` moves the database to PostgreSQL (or `DATABASE_URL_FILE`).",
    "BONAFIDE_SECRET_KEY": "Signs cookies and links (or `..._FILE`); by default a key kept in the instance's `keys/`.",
    "BONAFIDE_EVIDENCE_KEY": "Signs the evidence: 64 hexadecimal digits (or `..._FILE`); by default a key kept in `keys/`.",
    "BONAFIDE_OIDC_<ID>_SECRET": "Client secret of the provider with this id, in capitals and with `_` for `-` (or `..._FILE`).",
    "BONAFIDE_WEBHOOK_<ID>_SECRET": "Secret of the webhook with this id, named likewise: `whsec_` and 24 to 64 bytes in base64 "
    "(or `..._FILE`). While it is changed, the new one and the old one with a space between: events are signed with both.",
    "STRIPE_SECRET_KEY": "Key of the account at Stripe that `stripe.account` names (or `..._FILE`): a test key for a trial.",
    "STRIPE_WEBHOOK_SECRET": "Secret with which Stripe signs the events that it sends here (or `..._FILE`).",
    "STRIPE_API_URL": "Where something that stands in for Stripe is, on this machine or on a host of yours, for trying out.",
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
    if get_origin(annotation) is tuple and inspect.isclass(of := get_args(annotation)[0]) and issubclass(of, Section):
        return "tables"
    if inspect.isclass(annotation) and issubclass(annotation, Section):
        return "table"
    if get_origin(annotation) is tuple:
        return f"list of {_kind(get_args(annotation)[0])}"
    return {str: "text", int: "whole number", bool: "true or false", Decimal: "decimal as text", date: "date"}[annotation]
