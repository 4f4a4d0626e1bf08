"""The prices of a month: the right version, the right plan, and a fixed number of queries."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.periods import Month
from bonafide.pricing.prices_in_force import price_book
from bonafide.pricing.rating import Flat, PerUnit
from tests.factories.accounts import make_account
from tests.factories.pricing import make_meter, make_plan, make_price, make_subscription
from tests.factories.usage import PARIS

pytestmark = pytest.mark.django_db

MAY = Month(2024, 5)


def per_unit(price: str) -> PerUnit:
    return PerUnit(unit_price=Decimal(price))


def test_the_version_in_force_is_the_latest_one_valid_on_the_first_of_the_month():
    plan, meter = make_plan(is_default=True), make_meter()
    for day, price in ((date(2024, 1, 1), "1"), (date(2024, 5, 1), "2"), (date(2024, 6, 1), "3")):
        make_price(plan, meter, per_unit(price), code="thing", valid_from=day)
    in_force = {month: price_book(month=Month(2024, month), zone=PARIS).plan_for(0).items for month in (4, 5, 6)}
    assert {month: [item.terms.unit_price for item in items] for month, items in in_force.items()} == {
        4: [Decimal(1)],
        5: [Decimal(2)],
        6: [Decimal(3)],
    }


def test_a_price_that_starts_later_is_not_there_yet():
    plan = make_plan(is_default=True)
    make_price(plan, make_meter(), valid_from=date(2024, 6, 1))
    assert price_book(month=MAY, zone=PARIS).plan_for(0).items == ()


def test_items_keep_the_order_of_their_file_and_carry_their_meter():
    plan, meter = make_plan(is_default=True), make_meter(unit="GB", scale=6, group_by="bucket")
    make_price(plan, meter, code="b", position=2)
    make_price(plan, None, Flat(amount=Decimal(5)), code="a", position=1)
    first, second = price_book(month=MAY, zone=PARIS).plan_for(0).items
    assert (first.code, first.meter) == ("a", None)
    assert (second.code, second.meter.id, second.meter.unit, second.meter.scale, second.meter.group_by) == (
        "b",
        meter.pk,
        "GB",
        6,
        "bucket",
    )
    assert second.meter.name("fr") == meter.name_fr
    assert second.name("en") == second.name_en


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "counts"),
    [
        (date(2024, 1, 1), None, True),
        (date(2024, 5, 31), None, True),
        (date(2024, 6, 1), None, False),
        (date(2024, 1, 1), date(2024, 5, 2), True),
        (date(2024, 1, 1), date(2024, 5, 1), False),
    ],
)
def test_a_subscription_counts_when_it_overlaps_the_month(starts_on, ends_on, counts):
    default, other = make_plan(is_default=True), make_plan()
    account = make_account()
    make_subscription(account, other, starts_on=starts_on, ends_on=ends_on)
    assert price_book(month=MAY, zone=PARIS).plan_for(account.pk).id == (other.pk if counts else default.pk)


def test_of_two_subscriptions_in_a_month_the_later_one_counts():
    first, second = make_plan(), make_plan()
    account = make_account()
    make_subscription(account, second, starts_on=date(2024, 5, 20))
    make_subscription(account, first, starts_on=date(2024, 1, 1), ends_on=date(2024, 5, 20))
    assert price_book(month=MAY, zone=PARIS).plan_for(account.pk).id == second.pk


def test_without_subscription_and_default_plan_there_is_no_plan():
    make_plan()
    assert price_book(month=MAY, zone=PARIS).plan_for(make_account().pk) is None


def test_the_book_takes_three_queries_however_much_there_is():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            book = price_book(month=MAY, zone=PARIS)
            for account_id in range(1000):
                book.plan_for(account_id)
        return len(captured)

    assert queries() == 3
    plan = make_plan(is_default=True)
    for _ in range(20):
        make_price(plan, make_meter())
        make_subscription(make_account(), plan)
    assert queries() == 3
