"""The drawing of a month: places, sizes and rules."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bonafide.web.charts import HEAD, PLOT, Day, draw, rules

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


def drawn(*values: int | None, **more: int | None):
    return draw(days=[Day(tick=str(n), note=f"day {n}", now=value, **more) for n, value in enumerate(values, 1)], scale_text=str)


def test_a_month_without_use_is_not_drawn():
    assert drawn() is None
    assert drawn(None, None) is None
    assert drawn(0, 0) is None


def test_the_highest_day_fills_the_plot_and_half_of_it_fills_half():
    chart = drawn(50, 100)
    half, full = (slot.bars[0] for slot in chart.slots)
    assert (full.y, full.height) == (HEAD, PLOT)
    assert (half.y, half.height) == (HEAD + PLOT // 2, PLOT // 2)


def test_a_tiny_day_beside_a_huge_one_is_still_seen():
    assert drawn(1, 10**12).slots[0].bars[0].height == 1


def test_a_day_without_a_figure_has_no_bar_but_can_still_be_pointed_at():
    slot = drawn(None, 5).slots[0]
    assert slot.bars == ()
    assert slot.note == "day 1"


def test_a_credit_hangs_below_the_ground():
    chart = drawn(300, -100)
    up, down = (slot.bars[0] for slot in chart.slots)
    assert up.y + up.height == chart.ground == down.y
    assert up.height + down.height in (PLOT, PLOT + 1)  # each rounded by itself


def test_last_month_lies_behind_this_one():
    assert [bar.kind for bar in drawn(5, before=7).slots[0].bars] == ["before", "now"]


def test_places_are_written_with_a_dot_whatever_the_language():
    chart = drawn(*range(1, 32))
    assert chart.slots[0].width == "3.22%"
    assert chart.ticks[1].at.endswith("%")
    assert "," not in "".join(slot.x + slot.width for slot in chart.slots)


def test_every_seventh_day_is_named():
    assert [tick.text for tick in drawn(*range(1, 32)).ticks] == ["1", "8", "15", "22", "29"]


@given(st.lists(AMOUNTS, min_size=1, max_size=31).filter(any))
def test_no_bar_leaves_the_plot(values):
    chart = drawn(*values)
    for slot in chart.slots:
        for bar in slot.bars:
            assert bar.height >= 1
            assert bar.y >= HEAD - 1
            assert bar.y + bar.height <= HEAD + PLOT + 1


@given(low=st.integers(min_value=-(10**15), max_value=0), high=st.integers(min_value=0, max_value=10**15))
def test_rules_are_few_and_round_and_inside(low, high):
    found = rules(low=low, high=high)
    assert 0 in found
    assert len(found) <= 7
    assert all(low <= value <= high for value in found)
    steps = {second - first for first, second in pairwise(found)}
    assert len(steps) <= 1
    assert all(str(step).strip("0") in ("1", "2", "5") for step in steps)
