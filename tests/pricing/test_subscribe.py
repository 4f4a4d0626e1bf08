"""Putting accounts on plans: one at a time, and never in a month that is closed."""

from datetime import date

import pytest

from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, Subscription
from bonafide.pricing.prices_in_force import price_book
from bonafide.pricing.subscribe import SubscriptionRefused, subscribe
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
    subscribe(account=account, plan=plan, starts_on=date(2024, 9, 15))
    assert price_book(month=Month(2024, 9), zone=PARIS).plan_for(account.pk).id == plan.pk
    assert price_book(month=Month(2024, 8), zone=PARIS).plan_for(account.pk) is None


def test_one_plan_can_follow_another_on_the_day_it_ends(account, plan):
    subscribe(account=account, plan=plan, starts_on=date(2024, 1, 1), ends_on=date(2024, 9, 15))
    later = make_plan()
    subscribe(account=account, plan=later, starts_on=date(2024, 9, 15))
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
        subscribe(account=account, plan=plan, starts_on=starts_on, ends_on=ends_on)
    subscribe(account=make_account(), plan=plan, starts_on=starts_on, ends_on=ends_on)  # another account is free to


def test_a_subscription_cannot_end_before_it_starts(account, plan):
    with pytest.raises(SubscriptionRefused, match="expected an end after the start"):
        subscribe(account=account, plan=plan, starts_on=date(2024, 2, 1), ends_on=date(2024, 2, 1))


def test_a_closed_month_keeps_its_plan(account, plan):
    close_month(Month(2024, 8))
    with pytest.raises(SubscriptionRefused, match=r"month 2024-08 is closed .* begin on 2024-09-01 or later"):
        subscribe(account=account, plan=plan, starts_on=date(2024, 8, 31))
    assert not Subscription.objects.exists()
    subscribe(account=account, plan=plan, starts_on=date(2024, 9, 1))
    ClosedMonth.objects.all().delete()
    subscribe(account=account, plan=plan, starts_on=date(2024, 8, 1), ends_on=date(2024, 9, 1))


def test_a_subscription_can_be_ended_after_the_closed_months_but_not_within_them(account, plan):
    row = make_subscription(account, plan)
    close_month(Month(2024, 8))
    with pytest.raises(SubscriptionRefused, match="month 2024-08 is closed"):
        subscribe(account=account, plan=plan, starts_on=row.starts_on, ends_on=date(2024, 8, 1), replacing=row)
    with pytest.raises(SubscriptionRefused, match="month 2024-08 is closed"):
        subscribe(account=account, plan=make_plan(), starts_on=row.starts_on, replacing=row)
    changed = subscribe(account=account, plan=plan, starts_on=row.starts_on, ends_on=date(2024, 9, 1), replacing=row)
    assert (changed.pk, changed.ends_on, Subscription.objects.count()) == (row.pk, date(2024, 9, 1), 1)
