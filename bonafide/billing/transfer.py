"""What a customer needs to pay a bill by bank transfer, to copy or to scan."""

from __future__ import annotations

from dataclasses import dataclass

from bonafide.billing.payment_code import epc_code
from bonafide.money import from_minor
from bonafide.operator import Bank


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
        qr=_qr(bank, number, reference, open_minor, currency),
    )


def in_fours(text: str) -> str:
    """An IBAN or a reference the way people read it out."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _qr(bank: Bank, number: str, reference: str, open_minor: int, currency: str) -> str:
    code = epc_code(
        holder=bank.holder,
        iban=bank.iban,
        bic=bank.bic,
        amount=from_minor(open_minor, currency),
        currency=currency,
        reference=reference,
        number=number,
    )
    if code is None:
        return ""
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
