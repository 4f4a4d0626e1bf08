from decimal import Decimal

import pytest
import segno
from segno.helpers import make_epc_qr

from bonafide.billing.payment_code import LARGEST, epc_code, epc_text

BANK = {"holder": "Nordlys Cloud SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}


def test_the_code_says_what_the_librarys_own_encoder_of_the_standard_says() -> None:
    text = epc_text(**BANK, amount=Decimal("362.40"), reference="RF93F202600042", number="F2026-00042")
    theirs = make_epc_qr(
        name=BANK["holder"],
        iban=BANK["iban"],
        bic=BANK["bic"],
        amount=Decimal("362.40"),
        reference="RF93F202600042",
        encoding="utf-8",
    )
    # The library leaves trailing zeros of the amount out; the standard allows both.
    ours = segno.make_qr(text.replace("EUR362.40", "EUR362.4"), error="m", boost_error=False, encoding="utf-8", mask=theirs.mask)
    assert [bytes(row) for row in ours.matrix] == [bytes(row) for row in theirs.matrix]


def test_without_a_creditor_reference_the_bills_number_stands_as_text() -> None:
    lines = epc_text(**BANK, amount=Decimal(1), reference="", number="F2026-00042").split("\n")
    assert (lines[9], lines[10]) == ("", "F2026-00042")


@pytest.mark.parametrize(
    ("currency", "amount", "there"),
    [("EUR", "0.01", True), ("EUR", "0", False), ("EUR", "-5", False), ("USD", "5", False), ("EUR", str(LARGEST), True),
     ("EUR", "1000000000", False)],
)  # fmt: skip
def test_there_is_a_code_only_where_the_standard_has_one(currency: str, amount: str, there: bool) -> None:
    code = epc_code(**BANK, amount=Decimal(amount), currency=currency, reference="RF93F202600042", number="F2026-00042")
    assert (code is not None) is there


def test_a_holder_longer_than_the_standard_allows_is_cut_and_stays_on_one_line() -> None:
    text = epc_text(holder="N\n" + "o" * 100, iban="", bic="", amount=Decimal(1), reference="", number="")
    assert text.split("\n")[5] == "N " + "o" * 68


def test_what_does_not_fit_gets_no_code_rather_than_a_wrong_one() -> None:
    known = {"iban": BANK["iban"], "bic": "", "amount": Decimal(1), "currency": "EUR", "reference": "", "number": "F1"}
    assert epc_code(holder="云" * 60, **known)
    assert epc_code(holder="𠀀" * 70, **known) is None
