"""What decides the tax of a real account's bill, and what of it is frozen on the bill."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.accounts.models import Account
from bonafide.billing.compute import compute_bills, running_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.models import Invoice
from bonafide.billing.verify import Verified, verify_books
from bonafide.operator_tax import OtherSales, Sentence, TaxRate
from bonafide.periods import Month
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account, make_vat_check
from tests.factories.billing import SEPTEMBER, issue, make_evidence, make_plan, make_rate, make_sale, operator

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2024, 5, 1, tzinfo=UTC)
GERMAN: dict[str, Any] = {"kind": "company", "vat_number": "DE136695976"}


def outcome_of(account: Account, month: Month = SEPTEMBER, **tax: Any) -> ComputedBill | Stopped:
    found = running_bill(account=account, month=month, operator=operator(tax=tax))
    assert found
    return found


def taxed(account: Account, **tax: Any) -> tuple[str, str, int]:
    bill = outcome_of(account, **tax)
    assert isinstance(bill, ComputedBill), bill
    (group,) = bill.taxes
    return (group.category, group.rate, group.tax_minor)


def issued(account: Account, **tax: Any) -> Invoice:
    issue(by=operator(tax=tax))
    return Invoice.objects.get(account=account)


# --- VAT numbers: a consumer until VIES has confirmed it ---
def test_reverse_charge_takes_a_number_that_vies_confirmed_and_freezes_its_answer() -> None:
    account = make_sale("Hafen", "100", **GERMAN)
    make_vat_check(account)
    bill = issued(account)
    tax = bill.taxes.get()
    assert (tax.category, tax.rate, tax.tax_minor, tax.reason_code, tax.reason) == (
        "AE",
        "0",
        0,
        "VATEX-EU-AE",
        "Reverse charge",
    )
    assert bill.buyer["vat_number"] == "DE136695976"
    assert bill.tax_basis == {
        "treatment": "reverse_charge",
        "place": "DE",
        "vat_number": {"outcome": "valid", "asked_at": "2024-09-10T00:00:00+00:00", "consultation_number": "WAPI-1"},
    }


def test_in_french_it_is_autoliquidation() -> None:
    account = make_sale("Hafen", "100", language="fr", **GERMAN)
    make_vat_check(account)
    assert issued(account).taxes.get().reason == "Autoliquidation"


@pytest.mark.parametrize("answer", ["none", "invalid", "unavailable", "old", "of another number", "valid, then invalid"])
def test_without_an_answer_to_rely_on_a_company_is_a_consumer(answer: str) -> None:
    account = make_sale("Hafen", "50", **GERMAN)
    if answer in ("invalid", "unavailable"):
        make_vat_check(account, answer)
    elif answer == "old":
        make_vat_check(account, asked_at=LONG_AGO)
    elif answer == "of another number":
        make_vat_check(account)
        Account.objects.filter(pk=account.pk).update(vat_number="DE129273398")
        account.refresh_from_db()
    elif answer == "valid, then invalid":
        make_vat_check(account)
        make_vat_check(account, "invalid")
    assert taxed(account, oss="registered") == ("S", "19", 950)
    assert taxed(account) == ("S", "20", 1000)


def test_vies_being_away_since_does_not_undo_its_word() -> None:
    account = make_sale("Hafen", "50", **GERMAN)
    make_vat_check(account)
    make_vat_check(account, "unavailable")
    assert taxed(account) == ("AE", "0", 0)


def test_how_long_a_word_of_vies_holds_is_a_setting() -> None:
    account = make_sale("Hafen", "50", **GERMAN)
    make_vat_check(account, asked_at=LONG_AGO)
    assert taxed(account, vat_number_days=180) == ("AE", "0", 0)


def test_where_vies_is_not_asked_the_operator_says_what_a_number_is_worth() -> None:
    account = make_sale("Hafen", "50", **GERMAN)
    assert taxed(account) == ("S", "20", 1000)  # the tests' operator does not ask VIES
    assert taxed(account, unchecked_vat_numbers="business") == ("AE", "0", 0)
    assert taxed(account, vies=True, unchecked_vat_numbers="business") == ("S", "20", 1000)
    make_vat_check(account, "invalid")
    assert taxed(account, unchecked_vat_numbers="business") == ("S", "20", 1000)


def test_a_company_that_moved_away_from_its_number_is_a_consumer() -> None:
    account = make_sale("Hafen", "50", country="IT", postcode="20121", **GERMAN)
    make_vat_check(account)
    assert taxed(account, oss="registered") == ("S", "22", 1100)


# --- places ---
@pytest.mark.parametrize(
    ("country", "postcode", "expected"),
    [
        ("FR", "97400", ("S", "8.5", 850)),
        ("RE", "97400", ("S", "8.5", 850)),
        ("FR", "97300", ("O", "0", 0)),
        ("MC", "98000", ("S", "20", 2000)),
        ("GB", "BT1 1AA", ("O", "0", 0)),
        ("ES", "35001", ("O", "0", 0)),
        ("FI", "22100", ("O", "0", 0)),
        ("FI", "00100", ("S", "25.5", 2550)),  # since 1 September 2024
        ("EE", "10111", ("S", "22", 2200)),  # 24 only from July 2025
        ("PT", "9500-001", ("S", "16", 1600)),
    ],
)
def test_a_consumer_is_taxed_by_country_postcode_and_day(country: str, postcode: str, expected: tuple[str, str, int]) -> None:
    assert taxed(make_sale("Someone", "100", country=country, postcode=postcode), oss="registered") == expected


def test_an_address_in_no_country_stops_that_account_alone() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    make_account(country="XX")
    make_account()
    result = issue()
    assert result.issued == 1
    (stop,) = result.stopped
    assert stop.reason == "its country 'XX' is not an ISO 3166-1 code such as FR: correct its address"


def test_a_rate_of_the_operators_own_goes_before_ours_and_is_named() -> None:
    account = make_sale("Mari", "100", country="EE", postcode="10111")
    own = TaxRate(territory="EE", rate="23", valid_from="2024-09-30", source="RT I, 2024")
    bill = issued(account, oss="registered", rates=(own,))
    assert bill.tax_basis["rate"] == {"percent": "23", "territory": "EE", "valid_from": "2024-09-30", "source": "RT I, 2024"}
    assert bill.tax_minor == 2300


def test_a_supply_of_a_month_has_the_rate_of_its_last_day() -> None:
    account = make_sale("Ana", "100", country="RO", postcode="010011")
    found = [outcome_of(account, Month(2025, month), oss="registered").taxes[0].rate for month in (7, 8)]  # type: ignore[union-attr]
    assert found == ["19", "21"]


def test_a_seller_in_franchise_charges_nothing_and_says_the_article() -> None:
    bill = issued(make_sale("Luc", "100", country="FR", postcode="75001"), regime="franchise")
    tax = bill.taxes.get()
    assert (tax.category, tax.tax_minor, tax.reason_code) == ("E", 0, "VATEX-FR-FRANCHISE")
    assert tax.reason == "VAT not applicable, article 293 B of the CGI"
    assert "VAT not applicable, article 293 B of the French tax code (CGI)." in bill.mentions


def test_the_operators_own_sentence_replaces_ours() -> None:
    own = Sentence(of="franchise", en="No VAT: CIBS art. L.", fr="Sans TVA : CIBS art. L.")
    bill = issued(make_sale("Luc", "100", country="FR", postcode="75001", language="fr"), regime="franchise", sentences=(own,))
    assert bill.taxes.get().reason == own.fr
    assert own.fr in bill.mentions


# --- evidence ---
def test_two_items_of_evidence_outvote_the_billing_address_and_are_frozen() -> None:
    account = make_sale("Jo", "100", country="FR", postcode="75001")
    make_evidence(account, "ip", "FR")
    make_evidence(account, "ip", "DE")  # the latest of a kind counts
    make_evidence(account, "card", "DE")
    bill = issued(account, oss="registered")
    assert bill.taxes.get().rate == "19"
    assert bill.tax_basis["place"] == "DE"
    assert [(item["kind"], item["place"], item["method"]) for item in bill.tax_basis["location"]] == [
        ("card", "DE", "a test"),
        ("ip", "DE", "a test"),
    ]


def test_a_company_at_home_is_not_asked_where_it_is() -> None:
    account = make_sale("SARL", "100", country="FR", postcode="75001", kind="company")
    make_evidence(account, "ip", "DE")
    assert taxed(account) == ("S", "20", 2000)


def test_above_the_second_threshold_one_item_is_not_enough_abroad_but_is_at_home() -> None:
    sales = (OtherSales(year=2024, amount="100001"),)
    abroad, home = make_sale("Jo", "100"), make_sale("Luc", "100", country="FR", postcode="75001")
    stop = outcome_of(abroad, oss="registered", other_eu_sales=sales)
    assert isinstance(stop, Stopped)
    assert "rests on one piece of evidence (billing address DE), and with your sales two are asked for" in stop.reason
    assert taxed(home, oss="registered", other_eu_sales=sales) == ("S", "20", 2000)
    make_evidence(abroad, "card", "DE")
    assert taxed(abroad, oss="registered", other_eu_sales=sales) == ("S", "19", 1900)


# --- the run ---
def test_a_sale_abroad_in_another_currency_needs_a_rate_for_the_threshold() -> None:
    make_plan((None, Flat(amount=Decimal(100))), currency="USD")
    account = make_account(kind="person", country="DE", postcode="20457")
    stop = outcome_of(account)
    assert isinstance(stop, Stopped)
    assert "no exchange rate from USD to EUR for 2024-09" in stop.reason
    make_rate("USD", "EUR", "0.9")
    bill = outcome_of(account)
    assert isinstance(bill, ComputedBill)
    assert (bill.eu_consumer_minor, bill.tax_minor, bill.tax_home_minor) == (9000, 2000, 1800)


def test_mixed_customers_of_one_run_each_have_their_tax_and_every_seal_holds() -> None:
    expected = {
        make_sale("Home", "100", country="FR", postcode="75001"): ("S", "20", "FR"),
        make_sale("Réunion", "100", country="FR", postcode="97400"): ("S", "8.5", "RE"),
        make_sale("Guyane", "100", country="FR", postcode="97300", kind="company"): ("O", "0", None),
        make_sale("Monaco", "100", country="MC", postcode="98000", kind="company"): ("S", "20", "MC"),
        make_sale("Consumer", "100"): ("S", "20", "FR"),
        make_sale("Confirmed", "100", **GERMAN): ("AE", "0", None),
        make_sale("Unconfirmed", "100", country="IT", postcode="20121", kind="company", vat_number="IT00743110157"): (
            "S",
            "20",
            "FR",
        ),
        make_sale("Swiss", "100", country="CH", postcode="8001"): ("O", "0", None),
        make_sale("Canaries", "100", country="ES", postcode="35001"): ("O", "0", None),
        make_sale("Crossing", "9900", country="FI", postcode="00100"): ("S", "25.5", "FI"),
        make_sale("After", "1", country="NL", postcode="1011"): ("S", "21", "NL"),
    }
    torn = make_sale("Torn", "100", country="FR", postcode="75001")
    make_evidence(torn, "card", "DE")
    for account in expected:
        if account.name == "Confirmed":
            make_vat_check(account)

    result = issue()

    assert [stop.account_id for stop in result.stopped] == [torn.pk]
    found = {bill.account: bill for bill in Invoice.objects.select_related("account").prefetch_related("taxes")}
    for account, (category, rate, taxed_in) in expected.items():
        bill = found[account]
        (tax,) = bill.taxes.all()
        assert (tax.category, tax.rate, bill.tax_basis.get("taxed_in")) == (category, rate, taxed_in), account.name
    counted = {bill.account.name: bill.eu_consumer_minor for bill in found.values() if bill.eu_consumer_minor is not None}
    assert counted == {"Consumer": 10_000, "Unconfirmed": 10_000, "Crossing": 990_000, "After": 100}
    assert found[next(a for a in expected if a.name == "Crossing")].tax_basis["threshold"] == {
        "year": 2024,
        "before_minor": 20_000,
        "last_year_minor": 0,
        "limit_minor": 1_000_000,
    }
    assert isinstance(verify_books(), Verified)


def test_the_queries_of_a_chunk_do_not_grow_with_its_accounts() -> None:
    def furnish(n: int) -> None:
        for _ in range(n):
            make_vat_check(make_sale("Company", "10", **GERMAN))
            consumer = make_sale("Consumer", "10")
            make_evidence(consumer, "ip", "DE")
            make_evidence(consumer, "card", "DE")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert all(isinstance(bill, ComputedBill) for bill in compute_bills(month=SEPTEMBER, operator=operator()))
        return len(captured)

    furnish(1)
    few = queries()
    furnish(8)
    assert queries() == few
