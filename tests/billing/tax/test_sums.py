"""Tax once per category and rate, half up, and gross prices that keep their gross."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.tax import Treatment, out_of_gross, sum_taxes, tax_on
from bonafide.money import to_minor

FR = Treatment("home", "S", Decimal(20), "FR")
DE = Treatment("destination", "S", Decimal(19), "DE")
AE = Treatment("reverse_charge", "AE", reason_code="VATEX-EU-AE", reason_key="reverse_charge")
treatments = st.sampled_from([FR, DE, AE, Treatment("below_threshold", "S", Decimal(20), "FR", counts=True)])


def test_tax_is_taken_once_on_the_sum_of_lines() -> None:
    (group,) = sum_taxes([(1_001, FR)] * 3)
    assert (group.base_minor, group.tax_minor) == (3_003, 601)
    assert 3 * tax_on(1_001, Decimal(20)) == 600


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [(333, "20", 67), (4_990, "8.5", 424), (1_990, "25.5", 507), (5_000, "19", 950), (-333, "20", -67), (0, "20", 0)],
)
def test_tax_is_rounded_half_up(base: int, rate: str, tax: int) -> None:
    assert tax_on(base, Decimal(rate)) == tax


@given(base=st.integers(-(10**15), 10**15), rate=st.decimals(0, 100, places=2))
def test_tax_is_within_half_a_unit_of_the_exact_product_and_keeps_its_sign(base: int, rate: Decimal) -> None:
    exact = base * rate / 100
    assert abs(tax_on(base, rate) - exact) <= Decimal("0.5")
    assert tax_on(-base, rate) == -tax_on(base, rate)
    if abs(exact - int(exact)) == Decimal("0.5"):
        assert abs(tax_on(base, rate)) == abs(int(exact)) + 1  # halves go away from zero


@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), treatments), max_size=12), st.randoms())
def test_groups_add_up_stand_once_and_do_not_depend_on_the_order_of_lines(lines: list, random: object) -> None:
    groups = sum_taxes(lines)
    assert sum(group.base_minor for group in groups) == sum(net for net, _treatment in lines)
    keys = [(group.treatment.category, group.treatment.rate) for group in groups]
    assert keys == sorted(set(keys))
    assert all(group.tax_minor == tax_on(group.base_minor, group.treatment.rate) for group in groups)
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sum_taxes(shuffled) == groups


def test_a_gross_price_keeps_its_gross() -> None:
    assert out_of_gross(999, Decimal(20)) == (833, 166)
    assert tax_on(833, Decimal(20)) == 167  # recomputed it would ask for 10.00
    assert out_of_gross(-999, Decimal(20)) == (-833, -166)


@given(gross=st.integers(-(10**15), 10**15), rate=st.decimals(0, 99, places=2))
def test_net_and_tax_of_a_gross_price_add_up_to_it_within_what_en_16931_allows(gross: int, rate: Decimal) -> None:
    net, tax = out_of_gross(gross, rate)
    assert net + tax == gross
    assert abs(tax - net * rate / 100) < 1  # BR-CO-17


def test_money_is_rounded_half_up_and_not_as_binary_floats_would() -> None:
    assert to_minor(Decimal("0.333") * Decimal("9.99"), "EUR") == 333
    assert to_minor(Decimal("2.675"), "EUR") == 268
