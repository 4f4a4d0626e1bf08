"""The seal of a posting: SHA-256 over its content and the seal of the posting before it in the year."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

# Every column but the surrogate key and the seal; a test compares it with the model.
SEALED = (
    *("year", "entry", "line", "step", "source", "account_id", "invoice_id", "piece", "dated_on", "posted_on"),
    *("debit", "credit", "amount_minor", "currency", "home_minor"),
)
# A column that came later: empty, it is left out, so that rows from before it keep their seals.
LATER = ("piece_on",)
# What stands before the first posting of a year.
GENESIS = "0" * 64

_encoder = msgspec.json.Encoder(order="deterministic")


def seal_of(*, row: Sequence[object], previous: str) -> str:
    """64 hexadecimal digits; ``row`` holds the columns of ``SEALED`` and may go on with ``LATER``, days as dates or ISO 8601."""
    if len(row) > len(SEALED) and row[-1] is None:
        row = row[: len(SEALED)]
    return sha256(_encoder.encode((previous, row))).hexdigest()
