"""The square code that a bank's app reads as a filled-in SEPA transfer (EPC069-12), as SVG. Pure."""

from __future__ import annotations

import io
from decimal import Decimal

from segno.helpers import make_epc_qr

LARGEST = Decimal("999999999.99")


def epc_svg(*, holder: str, iban: str, bic: str, amount: Decimal, currency: str, reference: str) -> str:
    """The code as an SVG document of black modules, or nothing where the standard has none: not EUR, nothing to pay, too much.

    ``reference`` is an ISO 11649 creditor reference or empty.
    """
    if currency != "EUR" or not 0 < amount <= LARGEST:
        return ""
    # 70 is what the standard gives the holder's name; a longer one is cut, as banks do.
    code = make_epc_qr(name=holder[:70], iban=iban, amount=amount, reference=reference or None, bic=bic or None)
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True, dark="#000000")
    return out.getvalue().decode("ascii")
