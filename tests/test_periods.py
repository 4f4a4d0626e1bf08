"""Calendar months in the operator's time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.periods import Month, day_from_key, day_key

PARIS = ZoneInfo("Europe/Paris")


def test_months_have_743_744_or_745_hours_as_the_calendar_has_it():
    assert [Month.parse(text).hours(PARIS) for text in ("2026-03", "2026-07", "2026-10", "2026-02")] == [743, 744, 745, 672]


def test_a_month_begins_at_the_operators_midnight():
    assert Month.of(datetime(2024, 9, 30, 22, 0, tzinfo=UTC), PARIS) == Month(2024, 10)
    assert Month.of(datetime(2024, 9, 30, 21, 59, tzinfo=UTC), PARIS) == Month(2024, 9)


@pytest.mark.parametrize("text", ["2024-9", "2024-13", "2024-00", "09-2024", "", "2024-09-01", "1969-12"])
def test_anything_but_year_and_month_is_refused(text):
    with pytest.raises(ValueError, match="expected YYYY-MM"):
        Month.parse(text)


@given(st.dates(date(1970, 1, 1), date(9998, 12, 31)))
def test_months_tile_the_calendar(day):
    month = Month(day.year, day.month)
    assert month.next().previous() == month
    assert month.end(PARIS) == month.next().start(PARIS)
    assert Month.from_key(month.key) == Month.parse(str(month)) == month
    assert day_from_key(day_key(day)) == day
