"""The forecast on the page over usage."""

import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from bonafide.pricing.rating import Flat, Graduated, PerUnit, Tier
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import make_plan, use
from tests.factories.usage import make_meter

pytestmark = pytest.mark.django_db
TIERS = (Tier(up_to=Decimal(100), unit_price=Decimal(1)), Tier(up_to=None, unit_price=Decimal("0.1")))


@pytest.fixture(autouse=True)
def _on_the_eleventh_of_november():
    with time_machine.travel("2026-11-11T12:00:00Z", tick=False):
        yield


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account):
    client = Client()
    client.force_login(make_member(account=account, role="viewer"))
    return client


@pytest.fixture
def meter():
    meter = make_meter("gpu", name_en="GPU time", unit="h")
    make_plan((meter, Graduated(tiers=TIERS)), (None, Flat(amount=Decimal(5))))
    return meter


def page(client, address="/usage"):
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_what_each_meter_and_the_month_come_to(client, account, meter):
    for day in range(1, 11):
        use(account, meter, "9" if day % 2 else "11", day=20261100 + day)
    text = page(client)
    for words in (
        "Cost so far",
        "€126.00",  # 100.00 and 5.00 with VAT
        "Likely by",
        "about €150",
        '<span class="amount">€148</span> and <span class="amount">€152</span>',
        "about 300 h",
        "280 to 320",
        "€120",
        "Monthly fees",
        "the mean of the 10 whole days so far",
    ):
        assert words in text, words
    assert "<title>25 November 2026: about 10 h at the pace so far</title>" in text
    assert text.count('class="ahead"') == 19 + 1  # days to come, and the name of their colour


def test_in_the_first_days_it_says_why_there_is_none(account, meter):
    use(account, meter, "10", day=20261101)
    with time_machine.travel("2026-11-03T12:00:00Z", tick=False):
        client = Client()
        client.force_login(make_member(account=account))
        text = page(client)
    assert "too early to say" in text
    assert "from its fourth day on" in text
    assert "Likely cost" not in text
    assert 'class="ahead"' not in text


def test_a_month_that_is_over_has_no_forecast(client, account, meter):
    use(account, meter, "10", day=20261001)
    text = page(client, "/usage?month=2026-10")
    assert "GPU time" in text
    for word in ("Cost so far", "Likely", "about"):
        assert word not in text


def test_what_cannot_be_priced_is_still_counted(client, account):
    for day in range(1, 11):
        use(account, make_meter(f"m{day}"), "10", day=20261100 + day)
    text = page(client)
    assert "cannot be priced yet" in text
    assert "about 30 unit" in text
    assert "€" not in text


def test_overview_and_usage_say_the_same(client, account, meter):
    for day in range(1, 11):
        use(account, meter, "10", day=20261100 + day)
    assert "about €150" in page(client)
    assert "about €150" in page(client, "/")


def test_one_meter_of_equal_days_has_no_range(client, account):
    meter = make_meter("m")
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    for day in range(1, 11):
        use(account, meter, "10", day=20261100 + day)
    text = page(client)
    assert "about €360" in text
    assert "Between" not in text
