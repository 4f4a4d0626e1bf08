"""Which VAT a bill bears."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.tax import EU, Treatment, decide, tax_on


@dataclass(frozen=True)
class Party:
    country: str
    vat_number: str = ""
    kind: str = "company"


SELLER = Party("FR", "FR44732829320")
STANDARD = Treatment("S", Decimal(20))
REVERSED = Treatment("AE", Decimal(0), "VATEX-EU-AE", "Reverse charge")


def treat(buyer: Party, seller: Party = SELLER) -> Treatment:
    return decide(seller=seller, buyer=buyer, standard_rate=Decimal(20))


def test_a_company_at_home_pays_the_standard_rate() -> None:
    assert treat(Party("FR", "FR61954506077")) == STANDARD
    assert tax_on(10_000, Decimal(20)) == 2_000


def test_a_company_elsewhere_in_the_union_with_a_vat_number_owes_the_tax_itself() -> None:
    assert treat(Party("DE", "DE136695976")) == REVERSED
    assert tax_on(10_000, REVERSED.rate) == 0


@pytest.mark.parametrize("number", ["EL094259216", "el 094259216"])
def test_greek_numbers_start_with_el(number: str) -> None:
    assert treat(Party("GR", number)) == REVERSED


@pytest.mark.parametrize(
    "buyer",
    [
        pytest.param(Party("DE", "DE136695976", kind="person"), id="a person"),
        pytest.param(Party("DE"), id="no number"),
        pytest.param(Party("DE", "FR61954506077"), id="a number of another country"),
        pytest.param(Party("GR", "GR094259216"), id="a Greek number with the ISO code"),
        pytest.param(Party("GB", "XI123456789"), id="Northern Ireland, which is in the union for goods only"),
        pytest.param(Party("CH", "CHE123456788"), id="outside the union"),
        pytest.param(Party("MC", "FR44732829320"), id="Monaco, which is France for VAT"),
    ],
)
def test_everybody_else_pays_the_standard_rate(buyer: Party) -> None:
    assert treat(buyer) == STANDARD


def test_a_seller_without_a_vat_number_cannot_reverse_the_charge() -> None:
    assert treat(Party("DE", "DE136695976"), Party("FR")) == STANDARD


def test_a_seller_outside_the_union_cannot_reverse_the_charge() -> None:
    assert treat(Party("DE", "DE136695976"), Party("CH", "CHE123456788")) == STANDARD


def test_a_seller_in_monaco_is_at_home_in_france() -> None:
    assert treat(Party("FR", "FR61954506077"), Party("MC", "FR44732829320")) == STANDARD


def test_tax_is_taken_once_on_the_sum_of_lines() -> None:
    assert tax_on(3 * 1_001, Decimal(20)) == 601
    assert 3 * tax_on(1_001, Decimal(20)) == 600


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [(333, "20", 67), (4_990, "8.5", 424), (1_990, "25.5", 507), (5_000, "19", 950), (-333, "20", -67), (0, "20", 0)],
)
def test_tax_is_rounded_half_up(base: int, rate: str, tax: int) -> None:
    assert tax_on(base, Decimal(rate)) == tax


def test_the_union_has_its_twenty_seven_members() -> None:
    assert len(EU) == 27


@given(base=st.integers(-(10**15), 10**15), rate=st.decimals(0, 100, places=2))
def test_tax_is_within_half_a_unit_of_the_exact_product_and_keeps_its_sign(base: int, rate: Decimal) -> None:
    exact = base * rate / 100
    assert abs(tax_on(base, rate) - exact) <= Decimal("0.5")
    assert tax_on(-base, rate) == -tax_on(base, rate)
