"""Putting accounts on plans: one at a time, and never in a month that is closed."""

from datetime import UTC, date, datetime

import pytest

from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, Subscription
from bonafide.pricing.prices_in_force import price_book
from bonafide.pricing.subscribe import SubscriptionRefused, change_plan, end_subscription, subscribe
from tests.factories.accounts import make_account
from tests.factories.pricing import close_month, make_plan, make_subscription
from tests.factories.usage import PARIS

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def plan():
    return make_plan()


def test_an_account_is_put_on_a_plan(account, plan):
    subscribe(account=account, plan=plan, starts_on=date(2024, 9, 15), zone=PARIS)
    assert price_book(month=Month(2024, 9), zone=PARIS).plan_for(account.pk).id == plan.pk
    assert price_book(month=Month(2024, 8), zone=PARIS).plan_for(account.pk) is None


def test_one_plan_can_follow_another_on_the_day_it_ends(account, plan):
    subscribe(account=account, plan=plan, starts_on=date(2024, 1, 1), ends_on=date(2024, 9, 15), zone=PARIS)
    later = make_plan()
    subscribe(account=account, plan=later, starts_on=date(2024, 9, 15), zone=PARIS)
    assert price_book(month=Month(2024, 9), zone=PARIS).plan_for(account.pk).id == later.pk


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        (date(2024, 1, 1), None),
        (date(2024, 5, 31), None),
        (date(2023, 1, 1), date(2024, 3, 2)),
        (date(2024, 4, 1), date(2024, 5, 1)),
    ],
)
def test_two_plans_at_a_time_are_refused(account, plan, starts_on, ends_on):
    make_subscription(account, make_plan(code="first"), starts_on=date(2024, 3, 1), ends_on=date(2024, 6, 1))
    with pytest.raises(SubscriptionRefused, match="is on plan first from 2024-03-01 to 2024-06-01"):
        subscribe(account=account, plan=plan, starts_on=starts_on, ends_on=ends_on, zone=PARIS)
    subscribe(account=make_account(), plan=plan, starts_on=starts_on, ends_on=ends_on, zone=PARIS)  # another account is free to


def test_a_subscription_cannot_end_before_it_starts(account, plan):
    with pytest.raises(SubscriptionRefused, match="expected an end on a later day"):
        subscribe(account=account, plan=plan, starts_on=date(2024, 2, 1), ends_on=date(2024, 2, 1), zone=PARIS)


def test_a_closed_month_keeps_its_plan(account, plan):
    close_month(Month(2024, 8))
    with pytest.raises(SubscriptionRefused, match=r"month 2024-08 is closed .* begin on 2024-09-01 or later"):
        subscribe(account=account, plan=plan, starts_on=date(2024, 8, 31), zone=PARIS)
    assert not Subscription.objects.exists()
    subscribe(account=account, plan=plan, starts_on=date(2024, 9, 1), zone=PARIS)
    ClosedMonth.objects.all().delete()
    subscribe(account=account, plan=plan, starts_on=date(2024, 8, 1), ends_on=date(2024, 9, 1), zone=PARIS)


def test_a_subscription_can_be_ended_after_the_closed_months_but_not_within_them(account, plan):
    row = make_subscription(account, plan)
    close_month(Month(2024, 8))
    with pytest.raises(SubscriptionRefused, match="month 2024-08 is closed"):
        subscribe(account=account, plan=plan, starts_on=row.starts_on, ends_on=date(2024, 8, 1), replacing=row, zone=PARIS)
    with pytest.raises(SubscriptionRefused, match="month 2024-08 is closed"):
        subscribe(account=account, plan=make_plan(), starts_on=row.starts_on, replacing=row, zone=PARIS)
    changed = subscribe(account=account, plan=plan, starts_on=row.starts_on, ends_on=date(2024, 9, 1), replacing=row, zone=PARIS)
    assert (changed.pk, changed.ends_on, Subscription.objects.count()) == (row.pk, date(2024, 9, 1), 1)


# ------------------------------------------------------------------------------------------------ parts of a month


@pytest.fixture
def by_day():
    return make_plan(code="silver", proration="day")


def test_a_closed_month_keeps_each_day_of_a_prorated_plan(account, by_day):
    row = make_subscription(account, by_day, starts_on=date(2024, 8, 10))
    close_month(Month(2024, 8))
    for starts_on, ends_on in ((date(2024, 8, 11), None), (date(2024, 8, 10), date(2024, 8, 31)), (date(2024, 8, 1), None)):
        with pytest.raises(SubscriptionRefused, match=r"month 2024-08 is closed .* begin on 2024-09-01 or later"):
            subscribe(account=account, plan=by_day, starts_on=starts_on, ends_on=ends_on, replacing=row, zone=PARIS)
    for ends_on in (date(2024, 9, 1), date(2024, 9, 17)):
        subscribe(account=account, plan=by_day, starts_on=date(2024, 8, 10), ends_on=ends_on, replacing=row, zone=PARIS)


def test_the_days_since_an_account_was_opened_are_its_default_plans(by_day):
    close_month(Month(2024, 8))
    make_plan(code="basic", proration="day", is_default=True)
    late = make_account(created_at=datetime(2024, 8, 20, tzinfo=UTC))
    with pytest.raises(SubscriptionRefused, match="month 2024-08 is closed"):
        subscribe(account=late, plan=by_day, starts_on=date(2024, 8, 25), zone=PARIS)
    subscribe(account=late, plan=by_day, starts_on=date(2024, 9, 2), zone=PARIS)


def test_another_currency_begins_with_a_month(account, by_day):
    dollars = make_plan(code="dollars", proration="day", currency="USD")
    make_subscription(account, by_day, ends_on=date(2024, 9, 15))
    said = r"plan dollars is in USD and .* is on silver in EUR within 2024-09: .* such as 2024-10-01"
    with pytest.raises(SubscriptionRefused, match=said):
        subscribe(account=account, plan=dollars, starts_on=date(2024, 9, 15), zone=PARIS)
    subscribe(account=account, plan=dollars, starts_on=date(2024, 10, 1), zone=PARIS)


def test_a_change_of_plan_ends_one_and_begins_the_other_and_is_judged_as_a_whole(account, by_day):
    """Between the two steps the account would be on a default plan of another currency, which must not matter."""
    make_plan(code="basic", proration="day", currency="USD", is_default=True)
    gold = make_plan(code="gold", proration="day")
    make_subscription(account, by_day, ends_on=date(2025, 1, 1))
    change_plan(account=account, plan=gold, starts_on=date(2024, 9, 15), zone=PARIS)
    rows = Subscription.objects.order_by("starts_on").values_list("plan__code", "starts_on", "ends_on")
    assert list(rows) == [
        ("silver", date(2024, 1, 1), date(2024, 9, 15)),
        ("gold", date(2024, 9, 15), date(2025, 1, 1)),
    ]
    with pytest.raises(SubscriptionRefused, match="is on plan gold already"):
        change_plan(account=account, plan=gold, starts_on=date(2024, 9, 20), zone=PARIS)
    close_month(Month(2024, 9))
    with pytest.raises(SubscriptionRefused, match="month 2024-09 is closed"):
        change_plan(account=account, plan=by_day, starts_on=date(2024, 9, 20), zone=PARIS)
    assert Subscription.objects.count() == 2


def test_instants_are_for_plans_that_are_prorated_by_the_second(account, by_day):
    half_past_ten = datetime(2024, 9, 15, 8, 30, tzinfo=UTC)
    with pytest.raises(SubscriptionRefused, match='not prorated by the second, but by "day": give days'):
        subscribe(account=account, plan=by_day, starts_on=date(2024, 9, 15), starts_at=half_past_ten, zone=PARIS)
    by_second = make_plan(proration="second")
    with pytest.raises(SubscriptionRefused, match="expected whole seconds, on 2024-09-14"):
        subscribe(account=account, plan=by_second, starts_on=date(2024, 9, 14), starts_at=half_past_ten, zone=PARIS)
    subscribe(account=account, plan=by_second, starts_on=date(2024, 9, 15), starts_at=half_past_ten, zone=PARIS)
    done = end_subscription(account=account, ends_on=date(2024, 9, 20), ends_at=datetime(2024, 9, 20, 10, tzinfo=UTC), zone=PARIS)
    (stay,) = price_book(month=Month(2024, 9), zone=PARIS).stays_for(
        account_id=account.pk, opened=account.created_at, closed=None
    )
    assert (stay.first, stay.until) == (date(2024, 9, 15), date(2024, 9, 21))
    assert stay.owes[1] - stay.owes[0] == 5 * 86_400 + 5_400
    with pytest.raises(SubscriptionRefused, match="has no subscription on 2024-09-21 that could end"):
        end_subscription(account=account, ends_on=date(2024, 9, 21), zone=PARIS)
    assert done.ends_at.hour == 10
