"""Where a running month is heading, by quantities that the engine then rates."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.compute import running_bill
from bonafide.billing.forecast import forecast
from bonafide.billing.project import ahead, grown
from bonafide.periods import Month
from bonafide.pricing.models import Price
from bonafide.pricing.rating import Flat, Graduated, PerUnit, Tier, Volume
from bonafide.usage.measure import Measured
from tests.factories.accounts import make_account
from tests.factories.billing import make_plan, make_sale, use
from tests.factories.usage import make_draft, make_meter, take_in

NOVEMBER = Month(2026, 11)
NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)  # ten whole days, and twenty that are not over
ONE = PerUnit(unit_price=Decimal(1))


# --- the arithmetic ---


def test_days_to_come_are_like_the_mean_of_the_whole_days_and_today_at_least_that():
    daily = {20261101: 10, 20261102: 30, 20261103: 20}
    told = ahead(daily=daily, month=NOVEMBER, today=date(2026, 11, 4))
    assert (told.days, told.a_day, told.more.likely) == (3, 20, 27 * 20)
    busy_today = ahead(daily={**daily, 20261104: 50}, month=NOVEMBER, today=date(2026, 11, 4))
    assert busy_today.more.likely == 26 * 20


def test_the_range_is_between_the_quieter_and_the_busier_half():
    daily = {20261101: 10, 20261102: 30, 20261103: 20, 20261104: 40}
    told = ahead(daily=daily, month=NOVEMBER, today=date(2026, 11, 5))
    assert told.more == (26 * 15, 26 * 25, 26 * 35)
    alike = ahead(daily=dict.fromkeys(range(20261101, 20261105), 7), month=NOVEMBER, today=date(2026, 11, 5))
    assert alike.more == (182, 182, 182)


def test_a_day_without_usage_counts_and_late_usage_does_not():
    told = ahead(daily={20261101: 30, 20261031: 900}, month=NOVEMBER, today=date(2026, 11, 4))
    assert told.a_day == 10
    assert told.more.low == 0


@pytest.mark.parametrize(("today", "told"), [(3, False), (4, True), (30, True)])
def test_in_the_first_days_nothing_is_said(today, told):
    assert (ahead(daily={20261101: 1}, month=NOVEMBER, today=date(2026, 11, today)) is not None) is told
    assert ahead(daily={20261101: 1}, month=NOVEMBER, today=date(2026, 12, 1)) is None


@given(
    quantities=st.lists(st.integers(0, 10**15), min_size=1, max_size=6),
    more=st.integers(0, 10**15),
)
def test_what_is_added_is_shared_by_the_groups_and_nothing_is_lost(quantities, more):
    rows = [Measured(1, 7, NOVEMBER.key, f"g{n}", quantity, None, 1) for n, quantity in enumerate(quantities)]
    late = Measured(1, 7, 202610, "g0", 5, 4, 1)
    later = grown(rows=[*rows, late], month=NOVEMBER, more={7: more})
    assert sum(row.quantity for row in later[:-1]) == sum(quantities) + more
    assert later[-1] == late
    assert all(new.quantity >= old.quantity for new, old in zip(later, rows, strict=False))


# --- the engine rates it ---


@pytest.fixture
def account(db):
    return make_account()


def told(account, now=NOW):
    return forecast(account=account, now=now, operator=settings.OPERATOR)


def use_each_day(account, meter, quantity, days=10, **values):
    for day in range(1, days + 1):
        use(account, meter, quantity, day=20261100 + day, **values)


def test_a_tier_that_is_entered_later_in_the_month_is_in_the_forecast(account):
    meter = make_meter("gpu")
    tiers = (Tier(up_to=Decimal(100), unit_price=Decimal(1)), Tier(up_to=None, unit_price=Decimal("0.1")))
    make_plan((meter, Graduated(tiers=tiers)))
    use_each_day(account, meter, "10")
    found = told(account)
    assert found.bill.net_minor == 10000
    assert found.meters[0].likely == 300
    assert found.likely.net_minor == 10000 + 2000  # three times the cost so far would be 300.00
    assert found.likely.total_minor == 14400


def test_an_allowance_that_is_used_up_later_is_in_the_forecast(account):
    meter = make_meter("gpu")
    make_plan((meter, PerUnit(unit_price=Decimal(1), included=Decimal(250))), (None, Flat(amount=Decimal(5))))
    use_each_day(account, meter, "10")
    found = told(account)
    assert (found.bill.net_minor, found.likely.net_minor) == (500, 500 + 5000)
    assert (found.fees_minor, found.likely_fees_minor) == (500, 500)
    assert (found.meters[0].cost_minor, found.meters[0].likely_minor) == (0, 5000)


def test_the_forecast_is_what_a_month_of_that_quantity_is_billed(account):
    """The same quantities, used instead of forecast, come to the same bill."""
    meter = make_meter("gpu", group_by="server")
    tiers = (Tier(up_to=Decimal(100), unit_price=Decimal(1)), Tier(up_to=None, unit_price=Decimal("0.1")))
    make_plan((meter, Graduated(tiers=tiers, split=True)))
    other = make_account()
    for group, quantity in (("a", "10"), ("b", "3")):
        use_each_day(account, meter, quantity, group=group)
        use_each_day(other, meter, quantity, days=30, group=group)
    whole = running_bill(account=other, month=NOVEMBER, operator=settings.OPERATOR)
    assert told(account).likely.lines == whole.lines


def test_a_price_that_falls_with_the_quantity_can_make_more_cost_less(account):
    meter = make_meter("gpu")
    make_plan(
        (meter, Volume(tiers=(Tier(up_to=Decimal(300), unit_price=Decimal(1)), Tier(up_to=None, unit_price=Decimal("0.5")))))
    )
    for day in range(1, 11):
        use(account, meter, "8" if day % 2 else "14", day=20261100 + day)
    found = told(account)
    assert found.low.net_minor > found.high.net_minor


def test_hours_go_on_and_the_largest_the_last_and_the_different_ones_stand(account):
    kinds = {kind: make_meter(kind, aggregation=kind, subject="s") for kind in ("hours", "max", "latest", "unique")}
    make_plan(*((meter, ONE) for meter in kinds.values()))
    drafts = [
        make_draft(account=account, meter=meter, quantity="2", time="2026-10-31T23:00:00Z", s="a") for meter in kinds.values()
    ]
    assert not take_in(drafts, now=NOW).rejected
    found = {one.meter.code: one for one in told(account).meters}
    assert found["hours"].likely == 30 * 24 * 2
    assert found["hours"].quantity == (10 * 24 + 13) * 2
    for kind in ("max", "latest", "unique"):
        assert found[kind].likely is None
        assert found[kind].cost_minor == found[kind].likely_minor > 0


def test_late_usage_is_on_the_bill_and_grows_no_further(account):
    meter = make_meter("gpu")
    make_plan((meter, ONE))
    use_each_day(account, meter, "1")
    use(account, meter, "7", day=20261015, bill=202611)
    found = told(account)
    assert found.bill.net_minor == 1000 + 700
    assert found.likely.net_minor == 3000 + 700


def test_before_the_fourth_day_there_is_a_cost_and_no_forecast(account):
    meter = make_meter("gpu")
    make_plan((meter, ONE))
    use(account, meter, "1", day=20261101)
    found = told(account, now=datetime(2026, 11, 3, 12, tzinfo=UTC))
    assert found.days == 0
    assert found.bill.net_minor == 100
    assert (found.low, found.likely, found.high) == (None, None, None)


def test_a_month_that_cannot_be_priced_says_why_and_shows_its_quantities(account):
    use_each_day(account, make_meter("gpu"), "1")
    found = told(account)
    assert "no plan" in found.stopped
    assert (found.bill, found.likely) == (None, None)
    assert found.meters[0].likely == 30


def test_nothing_used_and_nothing_charged_is_no_forecast(account):
    make_plan((make_meter("gpu"), ONE))
    found = told(account)
    assert (found.bill, found.likely, found.meters) == (None, None, [])


def test_sales_abroad_are_not_counted_up_from_one_end_of_the_range_to_the_other(db):
    """Each bill of a forecast stands alone at the threshold for consumers elsewhere in the Union."""
    account = make_sale("Anna", "6000")
    Price.objects.update(valid_from=date(2020, 1, 1))
    found = told(account)
    assert {bill.taxes for bill in (found.bill, found.low, found.likely, found.high)} == {found.bill.taxes}


def test_queries_do_not_depend_on_what_was_used(account, django_assert_num_queries):
    meters = [make_meter() for _ in range(6)]
    make_plan(*((meter, ONE) for meter in meters))
    use_each_day(account, meters[0], "1")
    with django_assert_num_queries(8):
        told(account)
    for meter in meters[1:]:
        use_each_day(account, meter, "1")
    with django_assert_num_queries(8):
        told(account)


def test_a_minimum_of_a_meter_that_counted_nothing_is_in_the_sums_of_the_table(account):
    used, unused = make_meter("gpu"), make_meter("support")
    make_plan((used, ONE), (unused, PerUnit(unit_price=Decimal(1), minimum=Decimal(9))))
    use_each_day(account, used, "1")
    found = told(account)
    assert found.fees_minor == found.likely_fees_minor == 900
    assert sum(one.likely_minor for one in found.meters) + found.likely_fees_minor == found.likely.net_minor
