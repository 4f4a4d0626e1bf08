"""The first page."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from bonafide import overview
from bonafide.billing.settle import settle
from bonafide.pricing.rating import Flat, PerUnit
from tests.documents.bills import line, make_issued
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_plan
from tests.factories.usage import make_draft, make_meter, take_in

pytestmark = pytest.mark.django_db
FIVE = PerUnit(unit_price=Decimal(5))


@pytest.fixture(autouse=True)
def _on_the_eleventh_of_november():
    with time_machine.travel("2026-11-11T12:00:00Z", tick=False):
        yield


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account) -> Client:
    return signed_in(make_member(account=account, role="viewer"))


@pytest.fixture
def meter():
    meter = make_meter("gpu", name_en="GPU time", unit="h", scale=0)
    make_plan((meter, FIVE))
    return meter


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def use(account: Any, meter: Any, quantity: str, time: str) -> None:
    done = take_in([make_draft(account=account, meter=meter, quantity=quantity, time=time)], now=datetime.now(UTC))
    assert not done.rejected, done.rejected


def on(day: int, month: int = 11) -> str:
    return f"2026-{month:02d}-{day:02d}T10:00:00Z"


def test_a_stranger_reads_who_this_is_and_how_to_come_in():
    text = page(Client())
    assert "Your account at Nordlys Cloud" in text
    assert "Fjord Datacenter SAS" in text
    for address in ("/account/login/", "/account/signup/", "/terms", "/legal"):
        assert f'href="{address}"' in text


def test_a_person_without_an_account_is_told_what_to_do():
    assert "You are not a member of an account yet" in page(signed_in(make_user()))


def test_staff_without_an_account_see_no_customer(account, meter):
    use(account, meter, "7", on(3))
    text = page(signed_in(make_user(is_staff=True, is_superuser=True)))
    assert "You are not a member of an account yet" in text
    assert account.name not in text


def test_a_new_customer_reads_what_happens_next(client):
    text = page(client)
    assert "November 2026 so far" in text
    assert "Nothing has been counted for you this month yet." in text
    assert "When the month is over it becomes a bill" in text
    assert 'class="figures"' not in text
    assert "chart-bars" not in text


def test_the_running_month_says_what_was_used_and_on_which_days(client, account, meter):
    use(account, meter, "7", on(3))
    text = page(client)
    assert "Used so far" in text
    assert '<b class="amount">€35.00</b>' in text
    assert "<title>3 November 2026: €35.00</title>" in text
    assert "1–11 November 2026 · the bill comes on" in text
    assert "With VAT" in text
    assert "€42.00" in text


def test_the_likely_bill_is_the_pace_of_the_whole_days_with_tax(client, account, meter):
    for day in range(1, 11):
        use(account, meter, "2", on(day))
    text = page(client)
    assert "about €360" in text  # 30 days at 10 euros, and 20 % on it
    assert "the mean of the 10 whole days so far" in text
    assert "<title>12 November 2026: about €10.00 at the pace so far</title>" in text


def test_in_the_first_days_nothing_is_foretold(account, meter):
    with time_machine.travel("2026-11-03T12:00:00Z", tick=False):
        use(account, meter, "2", on(1))
        text = page(signed_in(make_member(account=account)))
    assert "too early to say" in text
    assert "at the pace so far" not in text


def test_the_month_is_held_against_the_same_days_of_the_last(client, account, meter):
    use(account, meter, "10", on(5, 10))
    use(account, meter, "90", on(20, 10))
    use(account, meter, "12", on(5))
    text = page(client)
    assert 'by yesterday 20 % more than by <time datetime="2026-10-10">' in text
    assert "5 October 2026: €50.00" in text


def test_less_and_the_same_are_said_too(client, account, meter):
    use(account, meter, "10", on(5, 10))
    use(account, meter, "5", on(5))
    assert "by yesterday 50 % less than" in page(client)
    use(account, meter, "5", on(6))
    assert "by yesterday as much as" in page(client)


def test_a_billed_month_is_compared_as_it_was_billed(client, account, meter):
    use(account, meter, "10", on(5, 10))
    make_issued(account=account, lines=[{**line("GPU time", "10", "h", "2"), "meter": "gpu"}])
    use(account, meter, "10", on(5))
    assert "by yesterday 150 % more than" in page(client)


def test_what_is_to_be_paid_is_the_oldest_open_bill(client, account, meter):
    paid = make_issued(account=account, month=202608)
    settle(invoice=paid, amount_minor=36240, received_on=date(2026, 11, 2), means="transfer", reference="1")
    oldest = make_issued(account=account, month=202609, lines=[line("x", "1", "h", "10")])
    make_issued(account=account)
    text = page(client)
    assert '<b class="amount">€12.00</b>' in text
    assert f'href="/bills/{oldest.number}#transfer"' in text
    assert "and one more" in text
    assert "was due on" in text


def test_when_all_is_paid_there_is_nothing_to_pay(client, account, meter):
    paid = make_issued(account=account)
    settle(invoice=paid, amount_minor=36240, received_on=date(2026, 11, 2), means="transfer", reference="1")
    text = page(client)
    assert "every bill so far is paid" in text
    assert "Last bill" in text


def test_fees_are_on_the_table_but_on_no_day(client, account):
    make_plan((None, Flat(amount=Decimal("2.50"))))
    text = page(client)
    assert "Subscription, November 2026" in text
    assert "chart-bars" not in text
    assert "about €3.00" in text


def test_what_cannot_be_priced_yet_is_said_without_a_sum(client, account):
    use(account, make_meter("x"), "1", on(3))
    text = page(client)
    assert "this month cannot be priced yet" in text
    assert "Used so far" not in text


def test_the_smaller_lines_are_one_sum(client, account, monkeypatch):
    monkeypatch.setattr(overview, "LINES_SHOWN", 1)
    meters = [make_meter(f"m{n}", name_en=f"Meter {n}", scale=0) for n in range(3)]
    make_plan(*[(meter, FIVE) for meter in meters])
    for n, meter in enumerate(meters, 1):
        use(account, meter, str(n), on(3))
    text = page(client)
    assert "Meter 2" in text
    assert "Meter 0" not in text
    assert "2 more lines" in text
    assert '<td class="num big">€15.00</td>' in text


def test_the_page_takes_the_same_queries_however_much_there_is(client, account, django_assert_num_queries):
    meters = [make_meter(f"m{n}", scale=0) for n in range(6)]
    make_plan(*[(meter, FIVE) for meter in meters])
    for meter in meters:
        use(account, meter, "3", on(3, 10))
        use(account, meter, "3", on(3))
        make_issued(account=account, month=202601 + meters.index(meter))
        with django_assert_num_queries(23):
            client.get("/")
