"""Everything that the inventory says is a person's, as JSON (GDPR art. 15 and 20): read row by row, never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from django.apps import apps
from django.utils import translation
from django.utils.encoding import force_str

from bonafide.holdings import Holding, Table
from bonafide.privacy.inventory import TABLES

FORMAT = 1
# Digests and secrets open something, or prove it, and tell their owner nothing.
SECRET = frozenset({"password", "password_digest", "digest", "key_hash", "key", "data", "token", "token_secret"})
_CHUNK = 500


def export_of(*, person_id: int, now: datetime, today: date, language: str, tables: Iterable[Table] = TABLES) -> Iterator[str]:
    """Pieces of one JSON object: ``{"format", "made_at", "login", "tables": [{"table", "what": [{"text", "why", "columns",
    "rows"}]}]}``.

    ``text`` and ``why`` say what it is and why it is kept, in ``language``; ``rows`` are objects by column. Whose rows they are
    is a matter of the paths that each table declares, nothing else.
    """
    made = now.astimezone(UTC).isoformat(timespec="seconds")
    yield f'{{"format": {FORMAT}, "made_at": {json.dumps(made)}, "login": {person_id}, "tables": ['
    with translation.override(language):
        yield from _tables(person_id, tables, today)
    yield "\n]}\n"


def _tables(person_id: int, tables: Iterable[Table], today: date) -> Iterator[str]:
    between = ""
    for table in tables:
        held = [holding for holding in table.holdings if holding.person and _columns(holding)] if table.model else []
        if not held:
            continue
        yield f'{between}\n{{"table": {json.dumps(force_str(table.called or table.model))}, "what": ['
        between = ","
        for place, holding in enumerate(held):
            yield ("," if place else "") + "\n"
            yield from _holding(table, holding, person_id, today)
        yield "]}"


def _holding(table: Table, holding: Holding, person_id: int, today: date) -> Iterator[str]:
    columns = _columns(holding)
    told = {"text": force_str(holding.what), "why": force_str(holding.why), "columns": columns}
    yield json.dumps(told, ensure_ascii=False)[:-1] + ', "rows": ['
    manager: Any = apps.get_model(table.model)._default_manager
    shown = getattr(manager, table.told)(today=today) if table.told else manager.all()  # less what an order forbids to tell
    rows = shown.filter(**{holding.person: person_id}).order_by("pk").values_list(*columns)
    between = ""
    for row in rows.iterator(chunk_size=_CHUNK):
        yield between + json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=_plain)
        between = ",\n"
    yield "]}"


def _columns(holding: Holding) -> list[str]:
    return [column for column in holding.columns if column not in SECRET]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)
