"""Exact money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide import money


def test_minor_units_follow_iso_4217():
    assert [money.exponent(code) for code in ("EUR", "USD", "JPY", "TND")] == [2, 2, 0, 3]
    with pytest.raises(ValueError, match="XXZ"):
        money.exponent("XXZ")


def test_half_a_cent_is_rounded_away_from_zero():
    assert money.to_minor(Decimal("2.675"), "EUR") == 268
    assert money.to_minor(Decimal("-2.675"), "EUR") == -268
    assert money.to_minor(Decimal("0.333") * Decimal("9.99"), "EUR") == 333


@given(st.integers(-(10**17), 10**17), st.sampled_from(["EUR", "JPY", "TND"]))
def test_minor_units_survive_the_round_trip(minor, currency):
    assert money.to_minor(money.from_minor(minor, currency), currency) == minor


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 12))
def test_scaled_quantities_survive_the_round_trip(quantity, scale):
    assert money.scaled(money.unscaled(quantity, scale), scale) == quantity


def test_a_quantity_with_too_many_decimals_is_refused_not_rounded():
    with pytest.raises(ValueError, match="more than 2 decimals"):
        money.scaled(Decimal("0.001"), 2)


def test_amounts_are_written_as_each_language_writes_them():
    assert money.format_minor(36240, "EUR", "en") == "€362.40"
    assert money.format_minor(36240, "EUR", "fr") == "362,40\xa0€"
    assert money.format_exact(Decimal("0.000000400000"), "en") == "0.0000004"
    assert money.format_exact(Decimal("12345.5"), "fr") == "12\u202f345,5"


def test_numbers_for_machines_never_have_an_exponent():
    assert [money.text(Decimal(value)) for value in ("1.94E-8", "0.0000004000", "1E+3", "-0.50", "0")] == [
        "0.0000000194",
        "0.0000004",
        "1000",
        "-0.5",
        "0",
    ]
