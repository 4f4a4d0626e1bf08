"""Interest on late payment: exact by the day, rounded once."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bonafide.payments.dunning.interest import Interest, YearlyRate, interest

FIRST = YearlyRate(date(2026, 1, 1), date(2026, 6, 30), Decimal("12.15"))
SECOND = YearlyRate(date(2026, 7, 1), date(2026, 12, 31), Decimal("12.40"))
DUE = date(2026, 3, 31)


def of(
    minor: int, until: date, *, paid: list[tuple[date, int]] | None = None, rates: tuple[YearlyRate, ...] = (FIRST,)
) -> Interest:
    return interest(after=DUE, until=until, owed_minor=minor, paid=paid or [], rates=rates)


def test_it_is_what_the_law_says_for_thirty_days() -> None:
    """1,200 due on 31 March and paid on 30 April, at 12.15 %."""
    found = of(120_000, date(2026, 4, 30), paid=[(date(2026, 4, 30), 120_000)])
    assert found.minor == 1198
    assert [part.days for part in found.parts] == [30]


def test_nothing_is_owed_on_the_due_date_itself() -> None:
    assert of(120_000, DUE) == Interest(0, ())
    assert of(120_000, DUE + timedelta(days=1)).parts[0].days == 1


def test_a_part_paid_bears_interest_up_to_its_day() -> None:
    found = of(100_000, date(2026, 4, 20), paid=[(date(2026, 4, 10), 40_000)])
    assert [(part.days, part.open_minor) for part in found.parts] == [(10, 100_000), (10, 60_000)]
    assert found.minor == 533  # (1000 * 10 + 600 * 10) * 12.15 % / 365 = 5.326


def test_each_half_year_has_its_rate() -> None:
    found = of(365_000, date(2026, 7, 10), rates=(SECOND, FIRST))
    assert [(part.days, part.percent) for part in found.parts] == [(91, FIRST.percent), (10, SECOND.percent)]
    assert found.minor == 11056 + 1240 + 1  # 3,650: 121.50 and 124 a day and year, 110.565 + 12.40, rounded once


def test_days_without_a_rate_bear_nothing_and_are_counted() -> None:
    found = of(120_000, date(2026, 7, 10))
    assert found.unknown_days == 10
    assert found.minor == of(120_000, date(2026, 6, 30)).minor


def test_money_that_went_back_bears_interest_again() -> None:
    found = of(100_000, date(2026, 4, 20), paid=[(date(2026, 4, 5), 100_000), (date(2026, 4, 15), -100_000)])
    assert [(part.first.day, part.last.day) for part in found.parts] == [(1, 5), (16, 20)]


def test_a_bill_that_was_paid_in_time_bears_none() -> None:
    assert of(100_000, date(2026, 4, 20), paid=[(date(2026, 3, 30), 100_000)]).parts == ()


days = st.dates(min_value=date(2026, 3, 1), max_value=date(2027, 3, 1))


@given(
    owed=st.integers(1, 10**9),
    until=days,
    paid=st.lists(st.tuples(days, st.integers(-(10**6), 10**9)), max_size=5),
)
def test_it_is_the_sum_of_its_days(owed: int, until: date, paid: list[tuple[date, int]]) -> None:
    """Against a reference that walks day by day in fractions."""
    exact, day = Fraction(0), DUE + timedelta(days=1)
    while day <= until:
        left = owed - sum(minor for on, minor in paid if on < day)
        rate = next((rate.percent for rate in (FIRST, SECOND) if rate.first <= day <= rate.last), None)
        if left > 0 and rate is not None:
            exact += Fraction(left) * Fraction(rate) / 36_500
        day += timedelta(days=1)
    found = of(owed, until, paid=paid, rates=(FIRST, SECOND))
    assert found.minor == (exact + Fraction(1, 2)).__floor__()
