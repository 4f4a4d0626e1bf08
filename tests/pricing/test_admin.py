"""The back office: prices are looked at, plans of accounts and exchange rates are entered through the steps."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from bonafide.periods import Month
from bonafide.pricing.models import ExchangeRate, Subscription
from tests.factories.accounts import enter_as_staff, make_account
from tests.factories.pricing import (
    close_month,
    make_exchange_rate,
    make_meter,
    make_plan,
    make_price,
    make_subscription,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, reasons_given):
    enter_as_staff(client)
    return client


def page(name: str, what: str, *args: object) -> str:
    return reverse(f"admin:pricing_{name}_{what}", args=args)


def test_meters_plans_prices_and_closed_months_are_shown_but_not_changed(staff):
    price = make_price(make_plan(code="gold"), make_meter(code="disk"))
    closed = close_month(Month(2024, 8))
    for name, row, shown in (
        ("meter", price.meter, "disk"),
        ("plan", price.plan, "gold"),
        ("price", price, price.code),
        ("closedmonth", closed, "2024-08"),
    ):
        assert shown in staff.get(page(name, "changelist")).content.decode()
        assert staff.get(page(name, "change", row.pk)).status_code == 200
        assert staff.post(page(name, "change", row.pk), {}).status_code == 403
        assert staff.get(page(name, "add")).status_code == 403
        assert staff.post(page(name, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_plan_page_lists_its_prices(staff):
    price = make_price(make_plan(), make_meter(), code="storage-price")
    assert "storage-price" in staff.get(page("plan", "change", price.plan_id)).content.decode()


def test_staff_put_an_account_on_a_plan_and_end_it(staff):
    account, plan = make_account(), make_plan()
    form = {"account": account.pk, "plan": plan.pk, "starts_on": "2024-09-01", "ends_on": ""}
    assert staff.post(page("subscription", "add"), form).status_code == 302
    row = Subscription.objects.get()
    assert (row.account, row.plan, row.starts_on, row.ends_on) == (account, plan, date(2024, 9, 1), None)
    assert staff.post(page("subscription", "change", row.pk), {**form, "ends_on": "2025-01-01"}).status_code == 302
    assert Subscription.objects.get().ends_on == date(2025, 1, 1)
    assert account.name in staff.get(page("subscription", "changelist")).content.decode()
    assert staff.post(page("subscription", "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_subscription_may_begin_and_end_at_an_instant_of_a_plan_by_the_second(staff):
    account = make_account()
    form = {"account": account.pk, "starts_on": "2024-09-15", "ends_on": "2024-09-20"}
    instants = {"starts_at_0": "2024-09-15", "starts_at_1": "10:30", "ends_at_0": "2024-09-20", "ends_at_1": "18:00"}
    by_day = make_plan(proration="day")
    refused = staff.post(page("subscription", "add"), {**form, **instants, "plan": by_day.pk})
    assert "give days, not instants" in refused.content.decode()
    by_second = make_plan(proration="second")
    assert staff.post(page("subscription", "add"), {**form, **instants, "plan": by_second.pk}).status_code == 302
    row = Subscription.objects.get()
    assert (row.starts_at, row.ends_at) == (
        datetime(2024, 9, 15, 8, 30, tzinfo=UTC),
        datetime(2024, 9, 20, 16, tzinfo=UTC),
    )
    assert "by the second" in staff.get(page("plan", "changelist")).content.decode()


def test_a_subscription_that_touches_a_closed_month_is_an_error_of_the_form(staff):
    account, plan = make_account(), make_plan()
    row = make_subscription(account, plan)
    close_month(Month(2024, 8))
    form = {"account": account.pk, "plan": plan.pk, "starts_on": "2024-01-01", "ends_on": "2024-07-01"}
    answer = staff.post(page("subscription", "change", row.pk), form)
    assert "month 2024-08 is closed" in answer.content.decode()
    row.refresh_from_db()
    assert row.ends_on is None


def test_staff_enter_and_correct_a_rate(staff):
    form = {"base": "usd", "quote": "EUR", "dated_on": "2024-09-30", "rate": "0.8932", "source": "ECB"}
    for rate in ("0.8932", "0.8933"):
        assert staff.post(page("exchangerate", "add"), {**form, "rate": rate}).status_code == 302
    row = ExchangeRate.objects.get()
    assert (row.base, row.rate, row.source) == ("USD", "0.8933", "ECB")
    assert "0.8933" in staff.get(page("exchangerate", "changelist")).content.decode()
    assert staff.post(page("exchangerate", "change", row.pk), form).status_code == 403
    assert staff.post(page("exchangerate", "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rate": "0,89"}, "expected a decimal number above 0"),
        ({"base": "usx"}, "is unknown"),
        ({"dated_on": "2024-08-02"}, "is closed"),
    ],
)
def test_a_refused_rate_is_an_error_of_the_form(staff, values, said):
    make_exchange_rate(dated_on=date(2024, 8, 30))
    close_month(Month(2024, 8))
    form = {"base": "USD", "quote": "EUR", "dated_on": "2024-09-30", "rate": "0.8932", "source": "ECB", **values}
    answer = staff.post(page("exchangerate", "add"), form)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert ExchangeRate.objects.count() == 1
