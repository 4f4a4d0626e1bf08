"""A cloud provider's statement of charges in FOCUS 1.0 (the FinOps Open Cost and Usage Specification), as CSV.

One charge is one event on the meter of billed cost in its currency: the quantity is ``BilledCost`` with its sign, for every
``ChargeCategory``. Usage, Purchase, Adjustment, Credit and Tax count as they stand, since what the provider bills is what a
cost-plus price marks up; ``category`` is kept as a dimension, so that each can be told apart.

Identity is the column ``Id`` where the export has one. FOCUS itself defines none, so otherwise it is a digest of the row's whole
content and, for rows alike to the last character, their place among each other: the same rows in another order or under another
file name are the same charges. The price of that: a provider's corrected row without an ``Id`` is a new charge.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO

from bonafide.pricing.meters import MeterRefused, ensure_cost_meter
from bonafide.usage.drafts import Draft, Rejection, Rules
from bonafide.usage.readers.table import Table

RULES = Rules(
    names={
        "id": "Id",
        "source": "ProviderName",
        "account": "SubAccountId",
        "meter": "BillingCurrency",
        "time": "ChargePeriodStart",
        "quantity": "BilledCost",
    },
    statement=True,
)
EXAMPLE = "BilledCost,BillingCurrency,ChargePeriodStart,ProviderName,ServiceName,SubAccountId,..."
_NEEDED = ("BilledCost", "BillingCurrency", "ChargePeriodStart", "ProviderName", "ServiceName", "SubAccountId")
_DIMENSIONS = {
    "service": "ServiceName",
    "sku": "SkuId",
    "region": "RegionId",
    "resource": "ResourceId",
    "description": "ChargeDescription",
    "category": "ChargeCategory",
    "consumed_quantity": "ConsumedQuantity",
    "consumed_unit": "ConsumedUnit",
}


class Reader:
    """One file being read; ``header`` is known from the start.

    :raises bonafide.usage.readers.lines.UnreadableFile: when it is not CSV, or lacks a column that FOCUS requires.
    """

    def __init__(self, *, stream: BinaryIO, name: str) -> None:
        self._table = Table(stream=stream, name=name, needed=_NEEDED, example=EXAMPLE)
        self.header = self._table.header
        self._codes: dict[str, str] = {}
        self._repeats = _Repeats()

    def __iter__(self) -> Iterator[Draft | Rejection]:
        places = {column: place for place, column in enumerate(self.header)}
        at_cost, at_currency, at_time, at_provider, _at_service, at_account = (places[column] for column in _NEEDED)
        at_id, at_name = places.get("Id"), places.get("SubAccountName")
        dimensions = [(name, places[column]) for name, column in _DIMENSIONS.items() if column in places]
        for row in self._table.rows():
            if isinstance(row, Rejection):
                yield row
                continue
            number, fields = row
            values = ["" if value == "NULL" else value for value in fields]
            try:
                meter = self._codes.get(values[at_currency]) or self._meter(values[at_currency])
            except MeterRefused as error:
                yield Rejection(number, f"BillingCurrency: {error}", fields)
                continue
            provider = values[at_provider]
            yield Draft(
                number,
                f"focus:{provider}" if provider else "",
                values[at_id] if at_id is not None and values[at_id] else self._digest(values),
                values[at_account],
                meter,
                values[at_time],
                values[at_cost],
                {name: values[place] for name, place in dimensions if values[place]},
                "",
                values[at_name] if at_name is not None else "",
                fields,
            )

    def _meter(self, currency: str) -> str:
        code = self._codes[currency] = ensure_cost_meter(currency=currency).code
        return code

    def _digest(self, values: list[str]) -> str:
        """An identity from content alone; the columns' order does not matter, nor do columns without a value."""
        content = sorted(f"{column}\x1f{value}" for column, value in zip(self.header, values, strict=True) if value)
        digest = blake2b("\x1e".join(content).encode(), digest_size=20).hexdigest()
        return f"{digest}:{self._repeats.count(digest)}"


class _Repeats:
    """How often each digest has come by; on disk beyond a few megabytes, so that a large file does not fill the memory."""

    def __init__(self) -> None:
        self._database: sqlite3.Connection | None = None

    def count(self, digest: str) -> int:
        if self._database is None:
            # An empty name is SQLite's private file that goes with its connection.
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._database.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;"
                "CREATE TABLE seen (digest BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID; BEGIN"
            )
        found = self._database.execute(
            "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times", [bytes.fromhex(digest)]
        ).fetchone()
        return int(found[0])

    def __del__(self) -> None:
        if self._database is not None:
            self._database.close()
