"""Exchange rates: which one holds for a month, what replaces what, and that closed months keep theirs."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.exchange import ExchangeRateRefused, enter_rate, rate_for
from bonafide.pricing.models import ClosedMonth, ExchangeRate
from tests.factories.pricing import close_month, make_exchange_rate

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2024, 9)
NOW = datetime(2024, 10, 2, 8, tzinfo=UTC)


def enter(**values):
    return enter_rate(
        **{
            "base": "USD",
            "quote": "EUR",
            "dated_on": date(2024, 9, 30),
            "rate": "0.8932",
            "source": "ECB",
            "now": NOW,
            **values,
        }
    )


def test_the_latest_rate_dated_within_the_month_holds():
    for day, rate in (
        (date(2024, 8, 31), "0.1"),
        (date(2024, 9, 2), "0.2"),
        (date(2024, 9, 30), "0.3"),
        (date(2024, 10, 1), "0.4"),
    ):
        enter(dated_on=day, rate=rate)
    enter(base="GBP", rate="0.9")
    enter(quote="GBP", rate="0.9")
    assert rate_for(base="USD", quote="EUR", month=SEPTEMBER).value == Decimal("0.3")


def test_a_month_without_a_rate_has_none_whatever_its_neighbours_have():
    make_exchange_rate(dated_on=date(2024, 8, 31))
    make_exchange_rate(dated_on=date(2024, 10, 1))
    make_exchange_rate(base="EUR", quote="USD")
    assert rate_for(base="USD", quote="EUR", month=SEPTEMBER) is None


def test_the_same_rate_again_changes_nothing():
    first = enter()
    again = enter(rate="0.89320", source="somebody else", now=datetime(2024, 10, 3, tzinfo=UTC))
    assert (again.pk, again.source, again.entered_at) == (first.pk, "ECB", NOW)
    assert ExchangeRate.objects.count() == 1


def test_another_rate_for_the_day_replaces_it_while_the_month_is_open():
    enter()
    enter(rate="0.9", source="bank", now=datetime(2024, 10, 3, tzinfo=UTC))
    row = ExchangeRate.objects.get()
    assert (row.rate, row.source, row.entered_at) == ("0.9", "bank", datetime(2024, 10, 3, tzinfo=UTC))


@pytest.mark.parametrize("values", [{"rate": "0.9"}, {"dated_on": date(2024, 9, 3)}])
def test_a_closed_month_keeps_the_rate_it_was_billed_with(values):
    enter()
    close_month(SEPTEMBER)
    with pytest.raises(ExchangeRateRefused, match="month 2024-09 is closed and was billed with the rate it has from USD to EUR"):
        enter(**values)
    assert ExchangeRate.objects.get().rate == "0.8932"
    ClosedMonth.objects.all().delete()
    enter(**values)  # the guard, and nothing else, had refused it
    assert ExchangeRate.objects.filter(**values).exists()


def test_a_closed_month_takes_the_same_rate_again_and_a_first_rate_of_a_pair_it_had_none_of():
    first = enter()
    close_month(SEPTEMBER)
    assert enter().pk == first.pk
    assert enter(base="GBP", rate="1.2").rate == "1.2"


def test_a_tiny_rate_is_kept_as_plain_text():
    assert enter(base="VND", rate="0.00000004").rate == "0.00000004"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rate": "0"}, "rate '0': expected a decimal number above 0"),
        ({"rate": "-1"}, "rate '-1'"),
        ({"rate": "0,89"}, "rate '0,89'"),
        ({"rate": "1e3"}, "rate '1e3'"),
        ({"rate": "0.123456789"}, "at most 8 decimals"),
        ({"rate": "١"}, "expected a decimal number"),
        ({"base": "USX"}, "currency 'USX' is unknown"),
        ({"quote": "eur"}, "currency 'eur' is unknown"),
        ({"quote": "USD"}, "expected two different currencies"),
        ({"dated_on": date(2024, 10, 3)}, "date 2024-10-03 has not come yet: expected 2024-10-02 or earlier"),
        ({"source": " "}, "expected one line of at most 120 characters"),
        ({"source": "a\nb"}, "expected one line"),
        ({"source": "x" * 121}, "at most 120 characters"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(values, said):
    with pytest.raises(ExchangeRateRefused, match=r"^[^\n]*$") as refused:
        enter(**values)
    assert said in str(refused.value)
    assert not ExchangeRate.objects.exists()


def test_the_day_is_the_operators_day():
    just_past_midnight_in_paris = datetime(2024, 9, 29, 22, 30, tzinfo=UTC)
    assert enter(now=just_past_midnight_in_paris).dated_on == date(2024, 9, 30)


@pytest.mark.django_db(transaction=True)
def test_closed_months_are_held_within_a_transaction_only():
    with pytest.raises(RuntimeError, match="needs a transaction"):
        hold_closed_months()
