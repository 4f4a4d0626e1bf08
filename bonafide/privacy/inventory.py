"""What we hold: every table and every file of the console, as the packages declare them, and what is there undeclared.

Each package is imported by name. A package without an ``inventory.py`` stores nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Min, Model, Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts import inventory as accounts
from bonafide.background import inventory as background
from bonafide.billing import inventory as billing
from bonafide.contracts import inventory as contracts
from bonafide.documents import inventory as documents
from bonafide.holdings import Basis, Holding, Kind, Place, Stays, Swept, Table, Whose
from bonafide.mail import inventory as mail
from bonafide.outgoing import inventory as outgoing
from bonafide.payments import inventory as payments
from bonafide.payments.dunning import inventory as dunning
from bonafide.payments.transfers import inventory as transfers
from bonafide.pricing import inventory as pricing
from bonafide.privacy import own_inventory as privacy
from bonafide.privacy.ends import still_held
from bonafide.sessions import inventory as sessions
from bonafide.sign_in import inventory as sign_in
from bonafide.sign_in.passwords import breached_list
from bonafide.terms import inventory as terms
from bonafide.usage import inventory as usage
from bonafide.webhooks import inventory as webhooks

# In order: what points to a row stands before it.
_PACKAGES = (
    terms,
    privacy,
    outgoing,
    contracts,
    transfers,
    dunning,
    payments,
    documents,
    billing,
    usage,
    pricing,
    sign_in,
    sessions,
    mail,
    webhooks,
    accounts,
    background,
)
TABLES: tuple[Table, ...] = tuple(table for package in _PACKAGES for table in package.TABLES)

_COPIES = _("copies of the database, the bills and the operator’s file, to begin again from after a disaster")
_INSTANCE = (
    # Its tables are declared one by one. A database of another name, in the tests say, is found by the connection.
    Place("bonafide.sqlite3", why_nothing="the database: its tables are declared one by one"),
    Place("bonafide.sqlite3-*", why_nothing="what SQLite writes beside the database"),
    # Editors leave drafts and copies of what is edited by hand.
    Place("operator.toml*", why_nothing="the operator's own file: who runs the service"),
    Place(".operator.toml*", why_nothing="the operator's own file: who runs the service"),
    Place("keys/*", why_nothing="secrets that the console makes for itself"),
    Place("static/*", why_nothing="style sheets, pictures and scripts of the pages"),
    Place("demo.json", why_nothing="when a demo was made"),
    Place("demo-in-the-making", why_nothing="that a demo is being made"),
    Place("state.json", why_nothing="how far evidence and erasures were, by number and digest, and when rows were last swept"),
    Place("restored.json", why_nothing="which copy the console was put back from, of when, until it is brought up to date"),
    Place(
        "restores.jsonl",
        kind=Kind.RECORDS,
        what=_("when the console was put back from a copy, what was erased again, and who answered for a missing journal"),
        whose=Whose.STAFF,
        why=_("so that an old copy does not bring back what was erased"),
        basis=Basis.INTEREST,
        ends=Stays(_("it accounts for what the database itself cannot know")),
        enforced_by="bonafide.safekeeping.restored.open_again",
    ),
    Place(".serving.lock", why_nothing="who uses this folder right now"),
    Place(".*.json*", why_nothing="locks and drafts of the files above"),
    Place(".restoring-*/*", why_nothing="a copy that is being put back"),
    Place("erasures.jsonl.broken", why_nothing="numbers of rows, in a file that was damaged"),
    Place("lost+found/*", why_nothing="the file system's own"),
    Place(
        "backups/*",
        kind=Kind.RECORDS,
        what=_COPIES,
        whose=Whose.CUSTOMERS,
        why=_("to lose nothing when a machine breaks"),
        basis=Basis.INTEREST,
        ends=_("deleted by hand, once younger ones are there; before one is served, what was erased since is erased again"),
        enforced_by="bonafide.safekeeping.gate.refuse_restored",
    ),
    Place(
        "erasures.jsonl",
        kind=Kind.RECORDS,
        what=_("the numbers of the logins and accounts that were erased, and when, without what stood in them"),
        whose=Whose.CUSTOMERS,
        why=_("so that an old copy does not bring back what was erased"),
        basis=Basis.LAW,
        ends=Stays(_("each line holds the one before it; a number leads to nobody once the row is gone")),
        enforced_by="bonafide.privacy.journal.write_on",
    ),
)
PLACES: tuple[Place, ...] = (*privacy.PLACES, *documents.PLACES, *mail.PLACES, *_INSTANCE)


def holdings() -> Iterator[tuple[Table, Holding]]:
    """Every holding with its table."""
    return ((table, holding) for table in TABLES for holding in table.holdings)


def model_of(table: Table) -> type[Model] | None:
    """None for a table without a model of the project."""
    return apps.get_model(table.model) if table.model else None


def table_name(table: Table) -> str:
    """As the database calls it."""
    model = model_of(table)
    return model._meta.db_table if model else table.name


# --- What nobody declared -------------------------------------------------------------------------------------------------
def undeclared_columns(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables and columns that are really there and that nobody declared, and declared ones that are not there; in words.

    A column that somebody added by hand is found, and so is the table of a program that shares the database. Views are not
    looked at (they store nothing); materialized ones are.
    """
    declared = {table_name(table): set(_columns(table)) for table in TABLES}
    there = {name: _real_columns(connection, name) for name in sorted(_real_tables(connection))}
    found = [f"the table {name} is not declared" for name in there if name not in declared]
    for name, columns in declared.items():
        if name not in there:
            found.append(f"the table {name} is declared and not there")
            continue
        found += [f"the column {name}.{column} is not declared" for column in sorted(there[name] - columns)]
        found += [f"the column {name}.{column} is declared and not there" for column in sorted(columns - there[name])]
    return found


def _columns(table: Table) -> Iterator[str]:
    yield from table.plain
    for holding in table.holdings:
        yield from holding.columns


def _real_tables(connection: BaseDatabaseWrapper) -> Iterator[str]:
    with connection.cursor() as cursor:
        yield from (name for name in connection.introspection.table_names(cursor) if not name.startswith("sqlite_"))
        if connection.vendor == "postgresql":
            cursor.execute("SELECT matviewname FROM pg_matviews WHERE schemaname = ANY (current_schemas(false))")
            yield from (name for (name,) in cursor.fetchall())


def _real_columns(connection: BaseDatabaseWrapper, name: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, name)}


def undeclared_files(home: Path) -> list[str]:
    """What is in the instance's folder and that no place declares, relative to it; a folder ends in ``/``.

    Folders that are declared as a whole are not looked into; one that nobody declares is named, not its content. Files that
    the operator's file or the environment names (secrets, by ``..._FILE``) are declared by that.
    """
    return sorted(name for name in _undeclared_below(home, "") if (home / name).resolve() not in _named_by_settings())


def _undeclared_below(folder: Path, inside: str) -> Iterator[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return  # not there yet, or not ours to read: nothing that we put there
    for entry in entries:
        name = f"{inside}{entry.name}"
        if not entry.is_dir():
            if not _is_declared(name):
                yield name
        elif f"{name}/*" in _whole_folders():
            continue
        elif any(_leads_into(name, place.pattern) for place in PLACES):
            yield from _undeclared_below(entry, f"{name}/")
        elif any(entry.iterdir()):
            yield f"{name}/"


def _named_by_settings() -> set[Path]:
    named = [Path(value) for name, value in os.environ.items() if name.endswith("_FILE") and value]
    breached = breached_list()
    return {path.resolve() for path in (*named, *([breached] if breached else []))}


def _is_declared(name: str) -> bool:
    return bool(_pattern().fullmatch(name)) or _is_database(name)


def _is_database(name: str) -> bool:
    """The running database's own file has another name in the tests."""
    database: dict[str, Any] = settings.DATABASES["default"]
    names = {Path(str(value)).name for value in (database["NAME"], database.get("TEST", {}).get("NAME") or database["NAME"])}
    return database["ENGINE"].endswith("sqlite3") and any(name.startswith(known) for known in names)


@cache
def _whole_folders() -> frozenset[str]:
    plain = (place.pattern for place in PLACES if place.pattern.endswith("/*"))
    return frozenset(pattern for pattern in plain if not re.search(r"[*?]", pattern[:-1]))


@cache
def _pattern() -> re.Pattern[str]:
    """All the patterns as one."""
    return re.compile("|".join(f"(?:{_as_regular(place.pattern)})" for place in PLACES if place.pattern))


def _as_regular(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


def _leads_into(folder: str, pattern: str) -> bool:
    """Whether the pattern is about something in this folder."""
    depth = folder.count("/") + 1
    parts = pattern.split("/")
    return len(parts) > depth and bool(re.fullmatch(_as_regular("/".join(parts[:depth])), folder))


# --- IP addresses ---------------------------------------------------------------------------------------------------------
def oldest_address(*, user: Any = None) -> datetime | None:
    """Since when the oldest IP address is held, of everybody or of one person; None when there is none."""
    found = []
    for table, holding in holdings():
        model = model_of(table)
        if holding.kind != Kind.ADDRESSES or not isinstance(holding.ends, Swept) or model is None:
            continue
        whose = Q(**{holding.person: user.pk}) if user is not None else Q()
        rows = model._default_manager.filter(still_held(holding.ends.emptied), whose)
        found.append(rows.aggregate(oldest=Min(holding.ends.since))["oldest"])
    return min((moment for moment in found if moment is not None), default=None)
