"""Where an account is within a month, and what part of it that owes; also where the clocks change."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from bonafide.periods import Month
from bonafide.pricing.prorate import prorated
from bonafide.pricing.rating import Flat, Graduated, PerUnit, Tier, Volume
from bonafide.pricing.stays import Subscribed, stays_in

PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def stays(month, *subscriptions, kind="day", opened=LONG_AGO, closed=None, default=None):
    """Plans by number: 1 and 2 are of ``kind``, 9 bills whole months."""
    return stays_in(
        month=month, zone=PARIS, subscriptions=subscriptions, default=default, opened=opened, closed=closed,
        proration={1: kind, 2: kind, 9: "none"},
    )  # fmt: skip


def shares(month, *subscriptions, **values):
    first, end = month.first_day, month.next().first_day
    return [
        (stay.plan_id, part.first.day, part.until.day, part.share)
        for stay in stays(month, *subscriptions, **values)
        if (part := stay.part(since=first, until=end, zone=PARIS))
    ]


@pytest.mark.parametrize(("month", "hours"), [(Month(2024, 3), 743), (Month(2024, 10), 745), (Month(2024, 12), 744)])
def test_by_the_second_a_month_has_the_hours_that_really_pass(month, hours):
    last = month.last_day
    change = Subscribed(1, last, None)  # the last day; the clocks change on the last Sunday, which is 31 March and 27 October
    (_default, (plan, first, _until, share)) = shares(month, change, kind="second", default=2)
    assert (plan, first) == (1, 31)
    assert share == Fraction(23 if month == Month(2024, 3) else 24, hours)
    assert shares(month, change, kind="day", default=2)[1][3] == Fraction(1, 31)


def test_the_day_of_the_change_is_an_hour_longer_in_october():
    month, day = Month(2024, 10), date(2024, 10, 27)
    ((_, _, _, share),) = shares(month, Subscribed(1, day, date(2024, 10, 28)), kind="second")
    assert share == Fraction(25, 745)
    hour = datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert hour[0].astimezone(PARIS).hour == hour[1].astimezone(PARIS).hour  # both are half past two there
    owed = [shares(month, Subscribed(1, day, date(2024, 10, 28), start), kind="second")[0][3] for start in hour]
    assert owed == [Fraction(45, 1490), Fraction(43, 1490)]


def test_a_day_is_that_of_the_plan_at_its_end():
    at = datetime(2024, 9, 15, 21, 59, tzinfo=UTC)  # a minute to midnight in Paris
    found = shares(
        Month(2024, 9), Subscribed(1, date(2024, 9, 1), date(2024, 9, 15), None, at), Subscribed(2, date(2024, 9, 15), None, at),
        kind="second",
    )  # fmt: skip
    minutes = 30 * 1440
    assert found == [(1, 1, 15, Fraction(15 * 1440 - 1, minutes)), (2, 15, 1, Fraction(15 * 1440 + 1, minutes))]


def test_the_default_plan_is_owed_while_the_account_is_open_and_has_no_other():
    september = Month(2024, 9)
    opened, closed = datetime(2024, 9, 10, 12, tzinfo=UTC), datetime(2024, 9, 20, 12, tzinfo=UTC)
    assert shares(september, default=1, opened=opened) == [(1, 10, 1, Fraction(21, 30))]
    assert shares(september, default=1, opened=opened, closed=closed) == [(1, 10, 21, Fraction(11, 30))]
    between = Subscribed(2, date(2024, 9, 12), date(2024, 9, 15))
    assert shares(september, between, default=1, opened=opened, closed=closed) == [
        (1, 10, 12, Fraction(2, 30)),
        (2, 12, 15, Fraction(3, 30)),
        (1, 15, 21, Fraction(6, 30)),
    ]


def test_a_plan_of_whole_months_takes_the_month_that_it_is_last_in():
    first, second = Subscribed(1, date(2024, 1, 1), date(2024, 9, 15)), Subscribed(9, date(2024, 9, 15), None)
    assert shares(Month(2024, 9), first, second) == [(9, 1, 1, Fraction(1))]
    first, second = Subscribed(9, date(2024, 1, 1), date(2024, 9, 15)), Subscribed(1, date(2024, 9, 15), None)
    assert shares(Month(2024, 9), first, second) == [(9, 1, 15, Fraction(1)), (1, 15, 1, Fraction(16, 30))]


def test_the_same_plan_twice_is_one_stay():
    twice = Subscribed(1, date(2024, 1, 1), date(2024, 9, 15)), Subscribed(1, date(2024, 9, 15), None)
    (stay,) = stays(Month(2024, 9), *twice)
    assert stay.is_whole(PARIS)


# --- terms of a part ---

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
TIERS = (Tier(Decimal(1), Decimal(5), Decimal(3)), Tier(Decimal(100), Decimal(4)), Tier(None, Decimal(2)))


def test_amounts_are_cut_to_cents_and_units_to_what_the_meter_keeps():
    assert prorated(terms=Flat(amount=Decimal("9.90")), share=THIRD, currency="EUR") == Flat(amount=Decimal("3.3"))
    assert prorated(terms=Flat(amount=Decimal("0.05")), share=HALF, currency="EUR") == Flat(amount=Decimal("0.03"))
    assert prorated(terms=Flat(amount=Decimal(5)), share=HALF, currency="JPY") == Flat(amount=Decimal(3))
    terms = PerUnit(unit_price=Decimal("0.1"), included=Decimal(10), minimum=Decimal(1))
    cut = PerUnit(unit_price=Decimal("0.1"), included=Decimal("3.3333"), minimum=Decimal("0.33"))
    assert prorated(terms=terms, share=THIRD, currency="EUR", aggregation="sum", scale=6) == cut


def test_a_tier_in_which_nothing_is_left_falls_away():
    cut = prorated(terms=Graduated(tiers=TIERS), share=THIRD, currency="EUR", aggregation="count")
    assert cut.tiers == (Tier(Decimal(33), Decimal(4)), Tier(None, Decimal(2)))


def test_a_level_keeps_its_bounds_and_its_price_is_cut():
    terms = Volume(tiers=TIERS, included=Decimal(2))
    cut = prorated(terms=terms, share=THIRD, currency="EUR", aggregation="max", scale=6)
    assert [tier.up_to for tier in cut.tiers] == [tier.up_to for tier in TIERS]
    assert [tier.unit_price for tier in cut.tiers] == [Decimal("1.666667"), Decimal("1.333333"), Decimal("0.666667")]
    assert (cut.tiers[0].flat, cut.included) == (Decimal(1), Decimal(2))
