"""Text to exact integers."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.usage.quantities import LARGEST_QUANTITY, whole_units

numbers = st.decimals(-(10**6), 10**6, places=12, allow_nan=False)


@given(numbers, st.integers(0, 12))
def test_a_number_is_kept_exactly_or_refused(number: Decimal, scale: int) -> None:
    expected = number.scaleb(scale)
    text = f"{number:f}"
    if expected == int(expected):
        assert whole_units(text, scale=scale, signed=True, rounded=False) == expected
        assert whole_units(f"{number:E}", scale=scale, signed=True, rounded=False) == expected
    else:
        with pytest.raises(ValueError, match=f"expected at most {scale} decimals"):
            whole_units(text, scale=scale, signed=True, rounded=False)
        rounded = int(expected.quantize(Decimal(1), ROUND_HALF_UP))
        assert whole_units(text, scale=scale, signed=True, rounded=True) == rounded


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "1.", ".5", "1_000", "0x1", "nan", "inf", "1e999", "٣", "1" * 50, "--1", "1,5"]
)
def test_what_is_not_a_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a decimal number"):
        whole_units(text, scale=3, signed=True, rounded=True)


def test_the_sign_and_the_size_are_bounded() -> None:
    with pytest.raises(ValueError, match="expected zero or more"):
        whole_units("-0.001", scale=3, signed=False, rounded=False)
    assert whole_units("-0", scale=3, signed=False, rounded=False) == 0
    assert whole_units(LARGEST_QUANTITY, scale=0, signed=False, rounded=False) == LARGEST_QUANTITY
    assert whole_units("1e15", scale=3, signed=False, rounded=False) == LARGEST_QUANTITY
    for quantity in (LARGEST_QUANTITY + 1, "1e99", "1" * 40, -LARGEST_QUANTITY - 1):
        with pytest.raises(ValueError, match="expected at most 1000000000000000000, with the meter's 0 decimals"):
            whole_units(quantity, scale=0, signed=True, rounded=False)
