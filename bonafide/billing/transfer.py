"""What a customer needs to pay a bill by bank transfer, to copy or to scan."""

from __future__ import annotations

from dataclasses import dataclass

from segno import helpers

from bonafide.money import from_minor
from bonafide.operator import Bank

# What EPC069-12 lets one code carry, in cents.
_MOST = 99_999_999_999


@dataclass(frozen=True)
class Transfer:
    """Where to send how much: IBAN and reference in groups of four, ``qr`` an SVG of the EPC069-12 code or empty."""

    holder: str
    iban: str
    bic: str
    reference: str
    amount_minor: int
    currency: str
    qr: str


def transfer_of(*, bank: Bank | None, number: str, reference: str, open_minor: int, currency: str) -> Transfer | None:
    """The transfer that settles what is still open of a bill; None when nothing is, or when the operator named no bank.

    Only euros have a code to scan (EPC069-12); ``reference`` is an ISO 11649 creditor reference, else ``number`` is the text.
    """
    if bank is None or open_minor <= 0:
        return None
    return Transfer(
        holder=bank.holder,
        iban=in_fours(bank.iban),
        bic=bank.bic,
        reference=in_fours(reference) if reference else number,
        amount_minor=open_minor,
        currency=currency,
        qr=_code(bank, number, reference, open_minor) if currency == "EUR" and open_minor <= _MOST else "",
    )


def in_fours(text: str) -> str:
    """An IBAN or a reference the way people read it out."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _code(bank: Bank, number: str, reference: str, open_minor: int) -> str:
    remittance = {"reference": reference} if reference else {"text": number}
    code = helpers.make_epc_qr(
        name=bank.holder[:70], iban=bank.iban, amount=from_minor(open_minor, "EUR"), bic=bank.bic or None, **remittance
    )
    # Black on white in the dark too: banks' apps read no inverted codes.
    return str(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None))
