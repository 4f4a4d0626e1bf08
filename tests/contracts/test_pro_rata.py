"""What is owed after a withdrawal: in proportion when it began on request, else nothing (C. conso. L221-25)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.contracts.pro_rata import Split, days_by_month, split_fee
from bonafide.periods import Month


def test_vector_21_five_days_of_thirty():
    assert split_fee(fee_minor=3000, days_used=5, days=30, on_request=True) == Split(kept_minor=500, back_minor=2500)
    assert split_fee(fee_minor=3000, days_used=5, days=30, on_request=False) == Split(kept_minor=0, back_minor=3000)


@given(fee=st.integers(0, 10**9), days=st.integers(1, 31), used=st.integers(0, 31))
def test_the_parts_are_the_whole_and_neither_is_below_zero(fee, days, used):
    used = min(used, days)
    split = split_fee(fee_minor=fee, days_used=used, days=days, on_request=True)
    assert split.kept_minor + split.back_minor == fee
    assert 0 <= split.kept_minor <= fee
    assert abs(split.kept_minor * days - fee * used) * 2 <= days, "rounded to the nearest"


@pytest.mark.parametrize(("used", "days"), [(6, 5), (-1, 5), (0, 0)])
def test_days_that_make_no_sense_are_refused(used, days):
    with pytest.raises(ValueError, match="days"):
        split_fee(fee_minor=1, days_used=used, days=days, on_request=True)


def test_days_are_counted_month_by_month():
    found = list(days_by_month(first=date(2024, 1, 30), last=date(2024, 3, 1)))
    assert found == [(Month(2024, 1), 2, 31), (Month(2024, 2), 29, 29), (Month(2024, 3), 1, 31)]
    assert list(days_by_month(first=date(2024, 1, 2), last=date(2024, 1, 1))) == []
