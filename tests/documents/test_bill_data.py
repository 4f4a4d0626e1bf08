import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext

from bonafide.billing.models import Invoice
from bonafide.documents.bill_data import bill_data, clean
from tests.documents.bills import buyer, line, make_issued, seller

pytestmark = pytest.mark.django_db


def test_amounts_quantities_and_prices_are_written_in_the_customers_language() -> None:
    english, french = (bill_data(invoice=make_issued(language=language)) for language in ("en", "fr"))
    assert (english.total.amount, french.total.amount) == ("€362.40", "362,40\u00a0€")
    assert (english.lines[2].quantity, english.lines[2].price) == ("9,651\u00a0GB", "€0.0146")
    assert (french.lines[2].quantity, french.lines[2].price) == ("9\u202f651\u00a0Go", "0,0146\u00a0€")
    assert english.lines[3].price == "€5.00"


def test_the_words_are_those_of_the_invoices_language_whatever_language_is_active() -> None:
    with translation.override("fr"):
        expected = gettext("Before tax")
    with translation.override("en"):
        assert bill_data(invoice=make_issued(language="fr")).columns[-1] == expected


def test_a_period_within_a_month_names_the_month_once() -> None:
    assert ("Period", "1–31 October 2026") in bill_data(invoice=make_issued()).facts


def test_parts_of_a_quantity_stand_beside_it_with_its_unit() -> None:
    parts = [{"label": "web-1", "quantity": "700"}, {"label": "web-2", "quantity": "45"}]
    data = bill_data(invoice=make_issued(lines=[line("Instances", "745", "h", "0.1", details=parts)]))
    assert data.lines[0].details == "web-1: 700\u00a0h · web-2: 45\u00a0h"


def test_the_tax_is_repeated_in_the_operators_currency_with_its_rate() -> None:
    exchange = {"base": "USD", "quote": "EUR", "rate": "0.92", "dated_on": "2026-10-31", "source": "ECB"}
    data = bill_data(invoice=make_issued(currency="USD", tax_home_minor=5555, exchange=exchange))
    assert data.home_tax == "VAT in EUR: €55.55 (1 USD = 0.92 EUR on 31 October 2026, ECB)"
    assert bill_data(invoice=make_issued()).home_tax == ""


@pytest.mark.parametrize(
    ("values", "payment", "code"),
    [
        ({}, True, True),
        ({"currency": "USD"}, True, False),
        ({"lines": [line("Nothing used", "0", "h", "1")]}, False, False),
        ({"lines": [line("Credit", "-1", "month", "50")]}, False, False),
        ({"kind": "381"}, False, False),
        ({"seller": seller(bank=None)}, False, False),
    ],
)
def test_payment_details_stand_only_where_something_is_owed_and_a_code_only_in_euros(
    values: dict[str, object], payment: bool, code: bool
) -> None:
    found = bill_data(invoice=make_issued(**values)).payment  # type: ignore[arg-type]
    assert (found is not None) is payment
    assert bool(found and found.qr) is code


@pytest.mark.parametrize(
    ("values", "label", "amount"),
    [
        ({}, "To pay by 3 November 2026", "€362.40"),
        ({"lines": [line("Nothing used", "0", "h", "1")]}, "Nothing to pay", "€0.00"),
        ({"lines": [line("Credit", "-1", "month", "50")]}, "In your favour", "€60.00"),
        ({"kind": "381"}, "In your favour", "€362.40"),
    ],
)
def test_the_first_line_says_what_is_to_be_done(values: dict[str, object], label: str, amount: str) -> None:
    data = bill_data(invoice=make_issued(**values))  # type: ignore[arg-type]
    assert (data.headline.label, data.headline.amount) == (label, amount)
    assert any(name == "Due on" for name, _day in data.facts) is label.startswith("To pay")


def test_a_company_at_home_needs_no_country_and_one_abroad_does() -> None:
    assert bill_data(invoice=make_issued()).buyer.lines[-1] == "69001 Lyon"
    assert bill_data(invoice=make_issued(buyer=buyer(country="DE"))).buyer.lines[-1] == "Germany"


def test_a_buyer_of_whom_only_the_name_and_country_are_known_has_no_empty_lines() -> None:
    bare = buyer(street="", postcode="", city="", vat_number="", registration="")
    data = bill_data(invoice=make_issued(buyer=bare))
    assert (data.buyer.lines, data.buyer.facts) == ([], [])


def test_marks_that_turn_the_reading_direction_do_not_reach_the_paper() -> None:
    assert clean("Evil\u202e 0001\x00 Ltd\u200b") == "Evil 0001 Ltd"


def test_long_words_may_break_anywhere_and_short_ones_stay_whole() -> None:
    word = "arn:" + "x" * 96
    assert clean(word).split("\u200b") == list(word)
    assert clean("Instance DEV1-L, atelier-web-1") == "Instance DEV1-L, atelier-web-1"


def test_chinese_japanese_and_korean_readers_get_the_shapes_of_their_own_script() -> None:
    first = {country: bill_data(invoice=make_issued(buyer=buyer(country=country))).han[0] for country in ("JP", "TW", "KR", "FR")}
    assert first == {"JP": "Kurinto Sans JP", "TW": "Kurinto Sans TC", "KR": "Kurinto Sans KR", "FR": "Kurinto Sans SC"}


@pytest.mark.parametrize("lines", [1, 50])
def test_the_number_of_queries_does_not_grow_with_the_lines(lines: int) -> None:
    invoice = make_issued(lines=[line(f"Line {number}", "1", "h", "1") for number in range(lines)])
    fresh = Invoice.objects.get(pk=invoice.pk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        msgspec.json.encode(bill_data(invoice=fresh))
    assert len(queries) == 2
