"""A month's amounts on its days, and the pace that is told from them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.pace import Spread, pace, share, spread
from bonafide.periods import Month

NOVEMBER = Month(2026, 11)
DAYS = st.dictionaries(st.integers(1, 30).map(lambda day: 20261100 + day), st.integers(-(10**9), 10**9), max_size=30)


@given(net=st.integers(-(10**12), 10**12), quantities=DAYS)
def test_the_parts_of_a_line_sum_to_it_exactly(net, quantities):
    parts = share(net, quantities)
    assert sum(parts.values()) == (net if sum(quantities.values()) else 0)


@given(
    nets=st.dictionaries(st.sampled_from(["a", "b", ""]), st.integers(-(10**9), 10**9)), daily=st.fixed_dictionaries({"a": DAYS})
)
def test_laying_lines_on_days_loses_nothing(nets, daily):
    laid = spread(lines=list(nets.items()), daily=daily, month=NOVEMBER)
    assert sum(laid.by_day.values()) + laid.apart == sum(nets.values())


def test_a_day_gets_its_share_of_the_quantity():
    laid = spread(lines=[("a", 900)], daily={"a": {20261101: 1, 20261102: 2}}, month=NOVEMBER)
    assert laid == Spread({date(2026, 11, 1): 300, date(2026, 11, 2): 600}, 0)


def test_fees_and_late_usage_belong_to_no_day():
    laid = spread(lines=[("", 500), ("a", 900)], daily={"a": {20261031: 1, 20261102: 2}}, month=NOVEMBER)
    assert laid == Spread({date(2026, 11, 2): 600}, 500 + 300)


def test_two_lines_of_one_meter_lie_on_the_same_days():
    laid = spread(lines=[("a", 100), ("a", 50)], daily={"a": {20261101: 7}}, month=NOVEMBER)
    assert laid.by_day == {date(2026, 11, 1): 150}


def test_the_pace_is_the_mean_of_the_whole_days():
    laid = Spread({date(2026, 11, day): 100 for day in range(1, 11)}, 40)
    found = pace(spread=laid, month=NOVEMBER, today=date(2026, 11, 11))
    assert found is not None
    assert (found.days, found.a_day, found.net_minor) == (10, 100, 40 + 30 * 100)


def test_a_day_that_is_already_dearer_than_usual_is_counted_as_it_is():
    laid = Spread({**{date(2026, 11, day): 100 for day in range(1, 11)}, date(2026, 11, 11): 700}, 0)
    found = pace(spread=laid, month=NOVEMBER, today=date(2026, 11, 11))
    assert found is not None
    assert found.net_minor == 10 * 100 + 700 + 19 * 100


def test_nothing_is_told_from_the_first_days_or_of_another_month():
    laid = Spread({date(2026, 11, 1): 100}, 0)
    assert pace(spread=laid, month=NOVEMBER, today=date(2026, 11, 3)) is None
    assert pace(spread=laid, month=NOVEMBER, today=date(2026, 11, 4)) is not None
    assert pace(spread=laid, month=NOVEMBER, today=date(2026, 12, 1)) is None


def test_on_the_last_day_nothing_is_left_to_guess():
    laid = Spread({date(2026, 11, day): 100 for day in range(1, 31)}, 0)
    found = pace(spread=laid, month=NOVEMBER, today=date(2026, 11, 30))
    assert found is not None
    assert found.net_minor == 3000
