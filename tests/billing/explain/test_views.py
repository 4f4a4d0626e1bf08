"""The page of a line and the files of a bill."""

import json

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import translation

from bonafide.billing.explain.words import terms_in_words
from bonafide.pricing.rating import Terms
from tests.billing.explain.bills import issue_everything
from tests.documents.bills import make_issued
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice

pytestmark = pytest.mark.django_db


def member_of(invoice) -> Client:
    client = Client()
    client.force_login(make_member(account=invoice.account, role="viewer"))
    return client


def test_a_line_says_its_price_its_days_and_where_its_files_are():
    with time_machine.travel("2024-10-06T12:00:00Z", tick=False):
        invoice = issue_everything()
        client = member_of(invoice)
        bill = client.get(f"/bills/{invoice.number}").content.decode()
        assert f'href="/bills/{invoice.number}/lines/2"' in bill
        text = client.get(f"/bills/{invoice.number}/lines/2").content.decode().replace("\N{NO-BREAK SPACE}", " ")
        for words in ("€0.0123 per unit", "1.2 unit are included", "1 January 2020", "12.345 unit", "usage.csv", "prices.json"):
            assert words in text
        for line in invoice.lines.all():
            assert client.get(f"/bills/{invoice.number}/lines/{line.position}").status_code == 200
        prices = json.loads(client.get(f"/bills/{invoice.number}/prices.json").content)
        assert prices["bill"] == invoice.number
        usage = b"".join(client.get(f"/bills/{invoice.number}/usage.csv").streaming_content)
        assert usage.startswith(b"lines,meter,")
        assert client.get(f"/bills/{invoice.number}/lines/999").status_code == 404


def test_a_line_of_a_part_of_the_month_names_its_days_and_what_they_owe():
    with time_machine.travel("2024-10-06T12:00:00Z", tick=False):
        invoice = issue_everything(parts=True)
        client = member_of(invoice)
        text = client.get(f"/bills/{invoice.number}/lines/1").content.decode().replace("\N{NO-BREAK SPACE}", " ")
        assert "Part of the month" in text
        assert "8 of 30 days: amounts, fees," in text
        assert "€9.99 a month, whatever was used" in text
        lines = {line.text: line.position for line in invoice.lines.all()}
        position = next(position for text, position in lines.items() if text.startswith("calls, 9–15 September 2024"))
        text = client.get(f"/bills/{invoice.number}/lines/{position}").content.decode()
        assert "9 September 2024" in text
        assert "16 September 2024" not in text
        assert "8 September 2024" not in text.replace("18 September", "")


def test_once_the_events_are_gone_the_days_remain_and_the_page_says_so():
    invoice = make_invoice()
    with time_machine.travel("2028-01-01T12:00:00Z", tick=False):
        client = member_of(invoice)
        gone = client.get(f"/bills/{invoice.number}/usage.csv")
        assert gone.status_code == 410
        assert f"{settings.OPERATOR.retention.usage_months} months old" in gone.content.decode()
        text = client.get(f"/bills/{invoice.number}/lines/1").content.decode()
        assert "15 September 2024" in text
        assert "usage.csv" not in text


def test_a_line_that_no_usage_is_kept_of_says_so():
    invoice = make_issued()
    client = member_of(invoice)
    assert "can no longer be laid out" in client.get(f"/bills/{invoice.number}/lines/1").content.decode()
    assert client.get(f"/bills/{invoice.number}/prices.json").status_code == 410


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ('{"model":"flat","amount":"9.99"}', ["€9.99 a month, whatever was used"]),
        ('{"model":"package","size":"100","price":"0.5"}', ["€0.50 for every 100 requests begun"]),
        ('{"model":"cost-plus","markup_percent":"7.5"}', ["the provider’s cost plus 7.5 %"]),
        (
            '{"model":"volume","split":true,"minimum":"5","tiers":[{"up_to":"10","unit_price":"1","flat":"2"},{"unit_price":"0.5"}]}',
            [
                "everything at the price of the tier that the whole reaches:",
                "Above 0 requests up to 10 requests: €1.00 per request, and €2.00 once",
                "Above 10 requests: €0.50 per request",
                "at least €5.00 a month",
                "each group apart",
            ],
        ),
    ],
)
def test_terms_are_said_in_words(terms, said):
    with translation.override("en"):
        words = terms_in_words(terms=Terms.from_json(terms), unit="request", currency="EUR", language="en")
    assert [word.replace("\N{NO-BREAK SPACE}", " ") for word in words] == said
