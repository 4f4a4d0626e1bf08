"""The seal of an issued document: SHA-256 over its exact content and the seal before it, so that no row changes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256

# Every column is sealed except surrogate keys and the seal itself; a test compares these lists with the models.
INVOICE_FIELDS = (
    "account_id",
    "kind",
    "month",
    "currency",
    "language",
    "seller",
    "buyer",
    "mentions",
    "period_start_on",
    "period_end_on",
    "net_minor",
    "tax_minor",
    "total_minor",
    "tax_home_minor",
    "exchange",
    "trial",
    "number",
    "issued_at",
    "issued_on",
    "due_on",
    "payment_reference",
    "position",
)
LINE_FIELDS = ("position", "text", "meter", "quantity", "unit", "unit_price", "net_minor", "details")
TAX_FIELDS = ("category", "rate", "base_minor", "tax_minor", "reason_code", "reason")

# What stands before the first document.
GENESIS = "0" * 64


def seal_of(
    *,
    invoice: Mapping[str, object],
    lines: Iterable[Mapping[str, object]],
    taxes: Iterable[Mapping[str, object]],
    previous: str,
) -> str:
    """The seal, 64 hexadecimal digits, of one document that follows the one sealed ``previous``.

    The mappings hold at least the fields listed above; lines are taken by position, taxes by category and rate.
    """
    content = {
        "previous": previous,
        "invoice": {name: invoice[name] for name in INVOICE_FIELDS},
        "lines": sorted(([line[name] for name in LINE_FIELDS] for line in lines), key=lambda line: str(line[0]).zfill(12)),
        "taxes": sorted([tax[name] for name in TAX_FIELDS] for tax in taxes),
    }
    return sha256(canonical(content).encode()).hexdigest()


def canonical(content: object) -> str:
    """One text for one content: sorted keys, no spaces, dates as ISO 8601, instants in UTC; floats are refused."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be sealed")
