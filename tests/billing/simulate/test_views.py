"""The staff's pages of test accounts."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from bonafide.accounts.models import Account
from bonafide.billing.models import SimulatedBill
from bonafide.pricing.rating import Flat, PerUnit
from bonafide.privacy.models import Look
from tests.factories.accounts import enter, enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import make_plan
from tests.factories.simulated import advance_to, make_simulated
from tests.factories.usage import make_meter

pytestmark = pytest.mark.django_db
LIST = "/staff/test-accounts"


@pytest.fixture
def staff():
    client = Client()
    enter_as_staff(client)
    return client


@pytest.fixture
def meter():
    return make_meter("gpu", name_en="GPU time", unit="h")


@pytest.fixture
def plan(meter):
    return make_plan((meter, PerUnit(unit_price=Decimal("0.5"))), (None, Flat(amount=Decimal(10))), code="standard")


def text_of(answer, status=200):
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def test_staff_try_a_price_list_over_months_and_delete_it_again(staff, plan, meter):
    assert "There is none yet." in text_of(staff.get(LIST))
    made = staff.post(LIST, {"name": "New prices", "start": "2027-01", "kind": "company", "country": "FR"})
    page = made["Location"]
    assert "No month was worked out yet." in text_of(staff.get(page))
    use = {"do": "use", "use-meter": meter.pk, "use-per_day": "2", "use-first": "2027-01-01", "use-last": "2027-02-28"}
    assert "59 events were made up." in text_of(staff.post(page, use, follow=True))
    done = staff.post(page, {"do": "advance", "advance-to": "2027-04-01"}, follow=True)
    shown = text_of(done)
    assert "3 months were worked out." in shown
    for words in ("simulation", "€41.00", "€38.00", "€10.00", "-€3.00", "-€28.00", "€49.20", "chart-bars"):
        assert words in shown
    month = text_of(staff.get(f"{page}/2027-01"))
    assert "This is no bill, and nothing of it is owed." in month
    assert "VAT 20 % on €41.00" in month
    file = staff.get(f"{page}/simulation.csv")
    assert "attachment" in file["Content-Disposition"]
    assert ",2027-01,net,,,,,,41.00,EUR" in file.content.decode()
    assert "cannot be brought back" in text_of(staff.get(f"{page}/delete"))
    staff.post(f"{page}/delete")
    assert not Account.objects.filter(is_test=True).exists()
    assert not Look.objects.exists()  # nobody's data was on any of these pages


def test_what_makes_no_sense_is_said_on_the_form(staff, plan, meter):
    account = make_simulated()
    page = f"{LIST}/{account.pk}"
    advance_to(account, 2027, 2)
    assert "goes forward only" in text_of(staff.post(page, {"do": "advance", "advance-to": "2027-01-15"}))
    assert "too far ahead" in text_of(staff.post(page, {"do": "advance", "advance-to": "9999-12-31"}))
    use = {"do": "use", "use-meter": meter.pk, "use-per_day": "lots", "use-first": "2027-03-01", "use-last": "2027-03-02"}
    assert "expected a decimal number" in text_of(staff.post(page, use))
    assert "Write a month as" in text_of(staff.post(LIST, {"name": "x", "start": "soon", "kind": "company", "country": "FR"}))
    assert SimulatedBill.objects.count() == 1


def test_its_plan_changes_from_a_day_on(staff, plan):
    other = make_plan((None, Flat(amount=Decimal(99))), code="other", is_default=False)
    account = make_simulated(plan=plan)
    staff.post(f"{LIST}/{account.pk}", {"do": "plan", "plan-plan": other.pk, "plan-starts_on": "2027-02-01"})
    assert [bill.net_minor for bill in advance_to(account, 2027, 3)] == [1000, 9900]
    assert list(account.subscriptions.order_by("starts_on").values_list("plan__code", "ends_on")) == [
        ("standard", date(2027, 2, 1)),
        ("other", None),
    ]


def test_a_real_account_has_no_such_page(staff):
    real = make_account()
    for ending in ("", "/delete", "/simulation.csv", "/2027-01"):
        assert staff.get(f"{LIST}/{real.pk}{ending}").status_code == 404
    assert staff.post(f"{LIST}/{real.pk}/delete").status_code == 404
    assert Account.objects.filter(pk=real.pk).exists()


def test_customers_have_no_such_pages_and_staff_need_the_right(plan):
    account = make_simulated()
    client = Client()
    client.force_login(make_member())
    assert client.get(LIST).status_code == 404
    client = Client()
    helper = enter(client, make_user(is_staff=True))
    assert client.get(LIST).status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_clock"))
    page = f"{LIST}/{account.pk}"
    assert "Set the clock forward" not in text_of(client.get(page))
    assert client.post(page, {"do": "advance", "advance-to": "2027-02-01"}).status_code == 403
    assert client.post(LIST, {"name": "x"}).status_code == 403
    assert client.post(f"{page}/delete").status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="change_clock"))
    assert client.post(page, {"do": "advance", "advance-to": "2027-02-01"}).status_code == 302
    assert client.post(page, {"do": "erase"}).status_code == 403


def test_the_back_office_leads_there_and_lists_no_test_account_among_the_real_ones(staff, plan):
    make_simulated(name="Nobody Inc")
    assert f'href="{LIST}"' in text_of(staff.get("/staff/"))
    assert "Nobody Inc" not in text_of(staff.get("/staff/accounts/account/"))


def test_a_page_takes_the_same_queries_however_many_months_there_are(staff, plan, django_assert_max_num_queries):
    account = make_simulated()
    advance_to(account, 2027, 2)
    staff.get(LIST)
    with django_assert_max_num_queries(14) as first:
        staff.get(f"{LIST}/{account.pk}")
    advance_to(account, 2028, 2)
    with django_assert_max_num_queries(len(first)):
        staff.get(f"{LIST}/{account.pk}")
