"""The seal of a closing: SHA-256 over its content and the seal of the closing before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

# Every column but the surrogate key and the seal; a test compares it with the model.
SEALED = (
    *("position", "month", "last_on", "closed_at", "totals", "cumulative", "digests"),
    *("bills_position", "bills_seal", "ledger_year", "ledger_entry", "ledger_seal"),
)
# What stands before the first closing.
GENESIS = "0" * 64

_encoder = msgspec.json.Encoder(order="deterministic")


def seal_of(*, content: Mapping[str, object], previous: str) -> str:
    """64 hexadecimal digits; ``content`` holds exactly ``SEALED``, as :func:`told` gives it."""
    return sha256(_encoder.encode({"previous": previous, "closing": dict(content)})).hexdigest()


def told(*, row: Mapping[str, object]) -> dict[str, object]:
    """The sealed columns as JSON has them: days and the instant (UTC, microseconds) as text."""
    closed_at, last_on = row["closed_at"], row["last_on"]
    if not isinstance(closed_at, datetime):
        raise TypeError(f"{closed_at!r} cannot be sealed: expected an instant")
    return {name: row[name] for name in SEALED} | {
        "last_on": str(last_on),
        "closed_at": closed_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
