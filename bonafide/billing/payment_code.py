"""The square code that a bank's app reads as a filled-in SEPA transfer (EPC069-12). Pure."""

from __future__ import annotations

from decimal import Decimal

import segno

MOST_BYTES = 331
LARGEST = Decimal("999999999.99")
# A reader takes any of the eight masks, and weighing them all costs four times the rest. This is the chequered one.
_MASK = 0


def epc_code(
    *, holder: str, iban: str, bic: str, amount: Decimal, currency: str, reference: str, number: str
) -> segno.QRCode | None:
    """The code, or None where the standard has none: not EUR, nothing to pay, too much of either money or text.

    ``reference`` is an ISO 11649 creditor reference; without one the bill's ``number`` stands as text. Show it black on white,
    in the dark too: banks' apps read no inverted codes.
    """
    if currency != "EUR" or not 0 < amount <= LARGEST:
        return None
    text = epc_text(holder=holder, iban=iban, bic=bic, amount=amount, reference=reference, number=number)
    if len(text.encode()) > MOST_BYTES:
        return None
    return segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", mask=_MASK)


def epc_text(*, holder: str, iban: str, bic: str, amount: Decimal, reference: str, number: str) -> str:
    """The twelve lines of the standard, version 002, without the empty ones at the end."""
    lines = ["BCD", "002", "1", "SCT", bic, _cut(holder, 70), iban, f"EUR{amount:.2f}", "", reference]
    return "\n".join(lines if reference else [*lines, _cut(number, 140)])


def _cut(text: str, most: int) -> str:
    """At most that many characters, on one line."""
    return " ".join(text.split())[:most]
