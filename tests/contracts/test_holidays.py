"""The public holidays of France, with and without Alsace and Moselle, and those that the operator lists."""

from datetime import date

import pytest

from bonafide.contracts.holidays import easter, is_holiday, next_working_day


@pytest.mark.parametrize(
    ("year", "day"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25)), (2285, (3, 22))]
)
def test_easter_is_when_the_almanacs_have_it(year, day):
    assert easter(year) == date(year, *day)


def test_france_has_eleven_holidays_and_alsace_thirteen():
    days = [date.fromordinal(number) for number in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    france = [day for day in days if is_holiday(on=day, calendar="FR")]
    assert [f"{day:%m-%d}" for day in france] == [
        "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25",
    ]  # fmt: skip
    alsace = {day for day in days if is_holiday(on=day, calendar="FR-AM")}
    assert alsace - set(france) == {date(2026, 4, 3), date(2026, 12, 26)}


def test_what_is_listed_counts_everywhere_and_alone_where_nothing_else_does():
    epiphany = date(2027, 1, 6)
    assert is_holiday(on=epiphany, calendar="FR", more=[epiphany])
    assert not is_holiday(on=date(2026, 7, 14), calendar="listed", more=[epiphany])


def test_a_long_weekend_is_passed_over_whole():
    christmas = date(2026, 12, 25)  # a Friday
    assert next_working_day(on=christmas, calendar="FR") == date(2026, 12, 28)
    assert next_working_day(on=date(2026, 12, 24), calendar="FR") == date(2026, 12, 24)
