"""Which grants a bill uses, in which order, and how what they take off is split."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.balance.apply import Left, Use, discounts, in_order, spend, split
from bonafide.billing.computed import ComputedLine

ORDER = ("voucher", "credit", "prepaid")


def left(pk: int, kind: str, minor: int, expires_on: date | None = None) -> Left:
    return Left(pk, kind, minor, f"G{pk}", expires_on)


def line(minor: int, sort: str = "standard") -> ComputedLine:
    return ComputedLine("x", "", "1", "", "1", minor, sort=sort)


def test_the_operators_order_comes_first_then_what_expires_soonest_then_the_oldest() -> None:
    grants = [
        left(1, "credit", 5),
        left(2, "credit", 5, date(2024, 12, 31)),
        left(3, "voucher", 5),
        left(4, "credit", 5, date(2024, 11, 30)),
        left(5, "credit", 5),
    ]
    assert [one.id for one in in_order(grants, ORDER)] == [3, 4, 2, 1, 5]
    assert [one.id for one in in_order(grants, ("credit", "voucher", "prepaid"))] == [4, 2, 1, 5, 3]


def test_no_more_is_used_than_the_bill_comes_to() -> None:
    assert spend([left(1, "credit", 300), left(2, "credit", 300)], 400) == (Use(1, 300), Use(2, 100))
    assert spend([left(1, "credit", 300)], -5) == ()


def test_a_discount_is_split_over_the_sorts_of_supply_in_proportion() -> None:
    lines = [line(1000), line(500, "books"), line(-100)]
    off, uses = discounts(lines=lines, grants=[left(1, "voucher", 100)], currency="EUR", language="en")
    assert uses == (Use(1, 100),)
    assert [(one.sort, one.net_minor, one.unit, one.unit_price, one.text) for one in off] == [
        ("standard", -64, "voucher", "-0.64", "Voucher G1"),
        ("books", -36, "voucher", "-0.36", "Voucher G1"),
    ]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.data())
def test_the_parts_come_to_the_whole_and_none_is_more_than_what_it_is_taken_off(weights: list[int], data: st.DataObject) -> None:
    minor = data.draw(st.integers(0, sum(weights)))
    parts = split(minor, weights)
    assert sum(parts) == minor
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(
    st.lists(st.tuples(st.integers(-5000, 5000), st.sampled_from(["standard", "books", "food"])), min_size=1, max_size=8),
    st.lists(st.tuples(st.sampled_from(["voucher", "credit"]), st.integers(1, 4000)), max_size=6),
)
def test_lines_and_uses_say_the_same_and_no_bill_falls_below_zero(
    billed: list[tuple[int, str]], given_: list[tuple[str, int]]
) -> None:
    lines = [line(minor, sort) for minor, sort in billed]
    grants = in_order([left(n, kind, minor) for n, (kind, minor) in enumerate(given_)], ORDER)
    off, uses = discounts(lines=lines, grants=grants, currency="EUR", language="en")
    total = sum(one.net_minor for one in lines)
    assert sum(use.minor for use in uses) == -sum(one.net_minor for one in off)
    assert total + sum(one.net_minor for one in off) >= min(total, 0)
    assert all(use.minor <= next(one.minor for one in grants if one.id == use.grant_id) for use in uses)
    assert sum(use.minor for use in uses) == min(max(total, 0), sum(one.minor for one in grants))
