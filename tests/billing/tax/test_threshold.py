"""The threshold of Directive 2006/112/EC art. 59c, sale by sale."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.tax.threshold import Turnover, beyond

LIMIT = 1_000_000


def crossed(before: Turnover, net: int) -> bool:
    return beyond(before=before, net_minor=net, threshold_minor=LIMIT)


def test_the_sale_that_crosses_is_beyond_itself() -> None:
    before = Turnover(998_000, 0)
    assert not crossed(before, 1_500)
    assert crossed(before.plus(1_500), 1_500)


def test_exactly_the_threshold_is_not_more_than_it() -> None:
    assert not crossed(Turnover(999_000, 0), 1_000)
    assert crossed(Turnover(999_000, 0), 1_001)


def test_a_year_after_one_beyond_it_is_beyond_from_its_first_sale() -> None:
    assert crossed(Turnover(0, LIMIT + 1), 100)
    assert not crossed(Turnover(0, LIMIT), 100)


def test_a_refund_does_not_bring_a_sale_back_that_was_beyond() -> None:
    assert crossed(Turnover(LIMIT + 500, 0), -100)


@given(st.lists(st.integers(0, 400_000), max_size=12))
def test_in_any_order_of_sales_there_is_one_that_crosses_and_none_comes_back(sales: list[int]) -> None:
    before, seen = Turnover(0, 0), []
    for net in sales:
        seen.append(crossed(before, net))
        before = before.plus(net)
    assert seen == sorted(seen)
    assert any(seen) == (sum(sales) > LIMIT)
