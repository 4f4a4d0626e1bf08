"""What a customer copies or scans to pay."""

import pytest

from bonafide.billing.transfer import in_fours, transfer_of
from bonafide.operator import Bank

BANK = Bank(holder="Nordlys Cloud SAS", iban="FR7630006000011234567890189", bic="AGRIFRPP")


def transfer(**changes):
    values = {"bank": BANK, "number": "F2026-000042", "reference": "RF93F202600042", "open_minor": 36240, "currency": "EUR"}
    return transfer_of(**{**values, **changes})


def test_iban_and_reference_are_in_groups_of_four():
    found = transfer()
    assert found.iban == "FR76 3000 6000 0112 3456 7890 189"
    assert found.reference == "RF93 F202 6000 42"
    assert in_fours("ABCDE") == "ABCD E"


def test_the_code_is_drawn_without_a_style():
    code = transfer().qr
    assert code.startswith("<svg")
    assert "style=" not in code
    assert code.count("<path") == 2


@pytest.mark.parametrize("changes", [{"bank": None}, {"open_minor": 0}, {"open_minor": -5}])
def test_nothing_to_pay_or_nowhere_to_pay_is_no_transfer(changes):
    assert transfer(**changes) is None


def test_only_euros_within_the_standard_have_a_code():
    assert transfer(currency="USD").qr == ""
    assert transfer(open_minor=99_999_999_999).qr
    assert transfer(open_minor=100_000_000_000).qr == ""


def test_a_bill_without_a_reference_is_paid_by_its_number():
    found = transfer(reference="")
    assert found.reference == "F2026-000042"
    assert found.qr


def test_another_amount_is_another_code():
    assert transfer().qr != transfer(open_minor=36241).qr
