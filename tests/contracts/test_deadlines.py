"""Until when one may withdraw (Reg. 1182/71 art. 3), when a contract ends, until when money goes back."""

from datetime import date

import pytest

from bonafide.contracts.deadlines import last_day_of_contract, refund_last_day, withdrawal_last_day
from bonafide.operator_consumers import Consumers

FRANCE = Consumers()


@pytest.mark.parametrize(
    ("ordered", "last"),
    [
        (date(2024, 9, 3), date(2024, 9, 17)),  # a Tuesday; the day of the order does not count
        (date(2024, 9, 7), date(2024, 9, 23)),  # ends on a Saturday
        (date(2024, 9, 8), date(2024, 9, 23)),  # ends on a Sunday
        (date(2024, 7, 1), date(2024, 7, 15)),
        (date(2026, 6, 30), date(2026, 7, 15)),  # ends on 14 July, a Tuesday
        (date(2026, 12, 11), date(2026, 12, 28)),  # ends on Christmas, a Friday
        (date(2026, 3, 22), date(2026, 4, 7)),  # ends on Easter Sunday, and Monday is one too
    ],
)
def test_fourteen_days_from_the_day_after_and_never_an_end_on_a_day_off(ordered, last):
    assert withdrawal_last_day(concluded_on=ordered, consumers=FRANCE) == last


def test_who_was_not_told_has_twelve_months_more():
    assert withdrawal_last_day(concluded_on=date(2024, 9, 3), consumers=FRANCE, informed=False) == date(2025, 9, 17)
    leap = withdrawal_last_day(concluded_on=date(2024, 2, 15), consumers=FRANCE, informed=False)
    assert leap == date(2025, 2, 28)


def test_an_operator_may_give_more_days():
    assert withdrawal_last_day(concluded_on=date(2024, 9, 3), consumers=Consumers(withdrawal_days=30)) == date(2024, 10, 3)


def test_money_goes_back_within_fourteen_days_whatever_day_that_is():
    assert refund_last_day(told_on=date(2024, 9, 7)) == date(2024, 9, 21)


@pytest.mark.parametrize(
    ("wanted", "notice", "last"),
    [
        (None, 0, date(2024, 9, 7)),
        (None, 30, date(2024, 10, 7)),
        (date(2024, 9, 30), 0, date(2024, 9, 30)),
        (date(2024, 9, 30), 30, date(2024, 10, 7)),
        (date(2024, 12, 31), 30, date(2024, 12, 31)),
    ],
)
def test_a_contract_ends_on_the_day_wanted_but_not_before_the_notice_is_over(wanted, notice, last):
    assert last_day_of_contract(told_on=date(2024, 9, 7), wanted_on=wanted, notice_days=notice) == last
