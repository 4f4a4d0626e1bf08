"""The worked examples that the rules were written from: a seller in mainland France, amounts in euro."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stdnum.eu import vat
from stdnum.fr import siren

from bonafide.billing.tax import Buyer, Treatment, out_of_gross, sum_taxes, tax_on
from bonafide.billing.tax.locate import Contradiction, Item, locate
from bonafide.billing.tax.threshold import Turnover, beyond
from bonafide.money import from_minor, to_minor
from tests.billing.tax.parties import buyer, company, seller, treat


def taxed(amount: str, treatment: Treatment) -> str:
    return str(from_minor(tax_on(to_minor(Decimal(amount), "EUR"), treatment.rate), "EUR"))


@pytest.mark.parametrize(
    ("amount", "to", "oss", "tax", "category"),
    [
        pytest.param("100", company("FR", "69001"), "below_threshold", "20.00", "S", id="1"),
        pytest.param("100", company("DE", "20457", "DE136695976"), "below_threshold", "0.00", "AE", id="2"),
        pytest.param("50", company("DE", "20457"), "registered", "9.50", "S", id="3"),
        pytest.param("49.90", buyer("FR", "97400"), "below_threshold", "4.24", "S", id="5"),
        pytest.param("100", company("FR", "97300"), "below_threshold", "0.00", "O", id="6"),
        pytest.param("100", company("MC", "98000", "FR44732829320"), "below_threshold", "20.00", "S", id="7"),
        pytest.param("100", buyer("GB", "BT1 1AA"), "registered", "0.00", "O", id="8, Northern Ireland"),
        pytest.param("100", buyer("CH", "8001"), "registered", "0.00", "O", id="8, Switzerland"),
        pytest.param("100", buyer("ES", "35001"), "registered", "0.00", "O", id="9"),
        pytest.param("19.90", buyer("FI", "00100"), "registered", "5.07", "S", id="13"),
    ],
)
def test_vector(amount: str, to: Buyer, oss: str, tax: str, category: str) -> None:
    treatment = treat(to, seller(oss=oss))
    assert (taxed(amount, treatment), treatment.category) == (tax, category)
    if to.place.code in ("GB-NIR", "CH"):
        assert treatment.flags == (f"register:{to.place.system}",)


def test_vector_4_the_sale_that_crosses_the_threshold_is_taxed_in_germany() -> None:
    before, taxes = Turnover(998_000, 0), []
    for _ in range(2):
        over = beyond(before=before, net_minor=1_500, threshold_minor=1_000_000)
        taxes.append(taxed("15", treat(buyer("DE", "20457"), beyond=over)))
        before = before.plus(1_500)
    assert taxes == ["3.00", "2.85"]
    assert before.this_year == 1_001_000


def test_vector_10_evidence() -> None:
    bill, card = Item("billing_address", "FR"), Item("card", "DE")
    assert locate(items=[bill, card, Item("ip", "DE")]).place.code == "DE"
    with pytest.raises(Contradiction):
        locate(items=[bill, card, Item("ip", "IT")])


def test_vector_11_tax_once_on_the_sum() -> None:
    home = treat(company("FR", "69001"))
    (group,) = sum_taxes([(to_minor(Decimal("10.01"), "EUR"), home)] * 3)
    assert (group.base_minor, group.tax_minor, group.base_minor + group.tax_minor) == (3003, 601, 3604)


def test_vector_12_half_up() -> None:
    net = to_minor(Decimal("0.333") * Decimal("9.99"), "EUR")
    assert (net, tax_on(net, Decimal(20))) == (333, 67)
    assert to_minor(1 * Decimal("2.675"), "EUR") == 268


def test_vector_14_gross_stays_gross() -> None:
    assert out_of_gross(999, Decimal(20)) == (833, 166)


def test_vector_16_numbers() -> None:
    assert siren.is_valid("732829320")
    assert vat.is_valid("FR44732829320")
    assert not siren.is_valid("732829321")
