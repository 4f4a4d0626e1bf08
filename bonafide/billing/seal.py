"""The seal of an issued document: SHA-256 over its exact content and the seal before it, so that no row changes unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

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
    "tax_basis",
    "eu_consumer_minor",
    "prepaid_minor",
)
# Columns that came later: empty ones are left out, so that bills from before them keep their seals.
LATER_FIELDS = ("tax_basis", "eu_consumer_minor", "prepaid_minor")
LINE_FIELDS = (
    "position",
    "text",
    "meter",
    "quantity",
    "unit",
    "unit_price",
    "net_minor",
    "details",
    "tax_category",
    "tax_rate",
    "gross_minor",
)
# The last three came later, too: a line where all of them are empty is sealed without them.
_FIRST_LINE_FIELDS = 8
_LATER_LINE = ("", "", None)
TAX_FIELDS = ("category", "rate", "base_minor", "tax_minor", "reason_code", "reason")

# What stands before the first document.
GENESIS = "0" * 64

_encoder = msgspec.json.Encoder(order="deterministic")


def seal_of(
    *,
    invoice: Mapping[str, object],
    lines: Iterable[Sequence[object]],
    taxes: Iterable[Sequence[object]],
    previous: str,
) -> str:
    """The seal, 64 hexadecimal digits, of one document that follows the one sealed ``previous``.

    ``invoice`` holds exactly ``INVOICE_FIELDS``; each line and tax is its fields in the order above, lines by position, taxes
    by category and rate.
    """
    sealed = {**invoice, "issued_at": _instant(invoice["issued_at"])}
    for name in LATER_FIELDS:
        if sealed[name] is None:
            del sealed[name]
    content = {
        "previous": previous,
        "invoice": sealed,
        "lines": [_line(line) for line in lines],  # a tuple, too, is written as a list
        "taxes": list(taxes),
    }
    return sha256(_encoder.encode(content)).hexdigest()


def _line(line: Sequence[object]) -> Sequence[object]:
    return line[:_FIRST_LINE_FIELDS] if tuple(line[_FIRST_LINE_FIELDS:]) == _LATER_LINE else line


def canonical(value: object) -> msgspec.Raw:
    """One JSON text for one value: sorted keys, no spaces, UTF-8, days as ISO 8601; it can stand in other content as it is."""
    return msgspec.Raw(_encoder.encode(value))


def _instant(value: object) -> str:
    """An instant in UTC with its microseconds, whatever zone and precision it was read in."""
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} cannot be sealed: expected an instant")
    return value.astimezone(UTC).isoformat(timespec="microseconds")
