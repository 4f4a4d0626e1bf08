"""Several rates on one bill, and prices that include the tax: each rate once on the sum of its lines, and a gross price kept."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.computed import ComputedLine, Stopped
from bonafide.billing.models import Invoice
from bonafide.billing.rehearse import rehearse_month
from bonafide.billing.tax import Treatment
from bonafide.billing.taxed import taxed
from bonafide.billing.turnover import turnover_of
from bonafide.billing.verify import Fault, Verified, verify_books
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.validate import validate
from bonafide.operator import Operator
from bonafide.operator_tax import TaxRate
from bonafide.pricing.models import Plan, Price
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account
from tests.factories.billing import SEPTEMBER, issue, make_plan, make_sale, operator, subscribe, triggers_lifted

RATES = tuple(
    TaxRate(territory="FR", rate=rate, valid_from=date(2020, 1, 1), source="a test", sort=sort, exempt=exempt)
    for sort, rate, exempt in (("reduced", "5.5", ""), ("none", "0", ""), ("training", "0", "VATEX-EU-132-1I"))
)


def with_rates(**tax: Any) -> Operator:
    return operator(tax={"rates": RATES, **tax})


def plan_of(*prices: tuple[str, str], gross: bool = False) -> Plan:
    """A plan of flat prices, each an amount and its sort for the tax."""
    plan = make_plan(*((None, Flat(amount=Decimal(amount))) for amount, _sort in prices), is_default=False)
    for position, (_amount, sort) in enumerate(prices, start=1):
        Price.objects.filter(plan=plan, position=position).update(sort=sort)
    Plan.objects.filter(pk=plan.pk).update(gross=gross)
    return plan


def billed(*prices: tuple[str, str], gross: bool = False, by: Operator | None = None, **buyer: Any) -> Invoice:
    account = make_account(**buyer)
    subscribe(account, plan_of(*prices, gross=gross))
    issue(by=by or with_rates())
    return Invoice.objects.get(account=account)


def groups(invoice: Invoice) -> list[tuple[str, str, int, int]]:
    return list(invoice.taxes.values_list("category", "rate", "base_minor", "tax_minor"))


@pytest.mark.django_db
def test_each_sort_of_supply_bears_its_own_rate() -> None:
    invoice = billed(("10.01", "standard"), ("10.01", "reduced"), ("10.01", "standard"), ("7", "none"), ("5", "training"))
    assert groups(invoice) == [("E", "0", 500, 0), ("S", "20", 2002, 400), ("S", "5.5", 1001, 55), ("Z", "0", 700, 0)]
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (4203, 455, 4658)
    assert invoice.taxes.get(category="E").reason_code == "VATEX-EU-132-1I"
    assert list(invoice.lines.values_list("tax_category", "tax_rate")) == [
        ("S", "20"),
        ("S", "5.5"),
        ("S", "20"),
        ("Z", "0"),
        ("E", "0"),
    ]
    assert set(invoice.tax_basis["other_rates"]) == {"none", "reduced", "training"}
    validate(xml=e_invoice(invoice=invoice))
    assert isinstance(verify_books(), Verified)


@pytest.mark.django_db
def test_a_sort_without_a_rate_stops_the_bill_and_says_what_to_enter() -> None:
    account = make_account()
    subscribe(account, plan_of(("10", "books")))
    [stopped] = rehearse_month(month=SEPTEMBER, operator=operator())
    assert isinstance(stopped, Stopped)
    assert "no VAT rate is known for FR on 2024-09-30, with sort books: enter it under [[tax.rates]]" in stopped.reason


@pytest.mark.django_db
def test_where_no_vat_of_ours_is_owed_sorts_make_no_difference() -> None:
    invoice = billed(("10", "standard"), ("10", "reduced"), country="US", vat_number="", postcode="10001", registration="")
    assert groups(invoice) == [("O", "0", 2000, 0)]


@pytest.mark.django_db
def test_vector_14_a_price_that_includes_its_tax_is_what_is_paid() -> None:
    invoice = billed(("9.99", "standard"), gross=True, kind="person", vat_number="", registration="")
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (833, 166, 999)
    line = invoice.lines.get()
    assert (line.unit_price, line.gross_minor, line.net_minor) == ("9.99", 999, 833)
    validate(xml=e_invoice(invoice=invoice))
    assert b"9.99 EUR including VAT" in e_invoice(invoice=invoice)
    assert isinstance(verify_books(), Verified)


@pytest.mark.django_db
def test_the_price_stays_whichever_vat_the_bill_bears() -> None:
    home = {"kind": "person", "vat_number": "", "registration": ""}
    totals = {
        place: billed(("9.99", "standard"), gross=True, by=with_rates(oss="registered"), **home, **where)
        for place, where in {
            "FR": {},
            "HU": {"country": "HU", "postcode": "1011"},
            "RE": {"postcode": "97400", "country": "RE"},
            "US": {"country": "US", "postcode": "10001"},
        }.items()
    }
    assert {place: (bill.net_minor, bill.tax_minor) for place, bill in totals.items()} == {
        "FR": (833, 166),
        "HU": (787, 212),
        "RE": (921, 78),
        "US": (999, 0),
    }


@pytest.mark.django_db
def test_several_rates_of_prices_that_include_them() -> None:
    invoice = billed(("9.99", "standard"), ("0.01", "standard"), ("5", "reduced"), gross=True)
    assert invoice.total_minor == 1500
    assert groups(invoice) == [("S", "20", 833, 167), ("S", "5.5", 474, 26)]
    validate(xml=e_invoice(invoice=invoice))


@pytest.mark.django_db
def test_the_sale_that_crosses_the_threshold_keeps_its_gross_price() -> None:
    make_sale("Before", "9995")
    account = make_sale("Crossing", "15")
    Plan.objects.filter(subscriptions__account=account).update(gross=True)
    issue()
    crossing = Invoice.objects.get(account=account)
    assert groups(crossing) == [("S", "19", 1261, 239)]
    assert crossing.total_minor == 1500
    assert crossing.eu_consumer_minor == crossing.net_minor
    assert turnover_of(month=SEPTEMBER, operator=operator()).this_year == 999_500 + 1261


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("gross_minor = gross_minor + 1", "its quantity times its unit price is not its amount"),
        ("net_minor = net_minor - 1", "do not add up"),
        ("tax_rate = '10'", "do not add up to the base of that tax"),
    ],
)
def test_a_line_of_a_gross_bill_that_was_touched_is_named(change: str, found: str) -> None:
    invoice = billed(("9.99", "standard"), ("5", "reduced"), gross=True)
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_invoiceline SET {change} WHERE invoice_id = %s AND position = 1", [invoice.pk])
    fault = verify_books()
    assert isinstance(fault, Fault)
    assert fault.where.startswith(f"bill {invoice.number}")
    assert found in fault.what


# --- Whatever the lines ---------------------------------------------------------------------------------------------------
SORTS = {
    "standard": Treatment("home", "S", Decimal(20)),
    "reduced": Treatment("home", "S", Decimal("5.5")),
    "same": Treatment("home", "S", Decimal(20)),
    "none": Treatment("exempt", "E", reason_key="exempt"),
}
amounts = st.integers(min_value=-(10**9), max_value=10**12)
lines_of_all_sorts = st.lists(st.tuples(amounts, st.sampled_from(sorted(SORTS))), min_size=1, max_size=40)


def half_up(value: Fraction) -> int:
    """Half away from zero, as money is rounded."""
    return floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


@given(rows=lines_of_all_sorts, gross=st.booleans())
def test_each_rate_is_taxed_once_and_everything_adds_up(rows: list[tuple[int, str]], gross: bool) -> None:
    lines = tuple(ComputedLine("x", "", "1", "month", "1", amount, sort=sort) for amount, sort in rows)
    found, taxes = taxed(lines=lines, treatments=SORTS, gross=gross, language="en")
    by_rate: Counter[Fraction] = Counter()
    for amount, sort in rows:
        by_rate[Fraction(SORTS[sort].rate)] += amount
    assert len(taxes) == len(by_rate)
    for tax in taxes:
        rate = Fraction(Decimal(tax.rate))
        amount = by_rate[rate]
        if gross:
            assert tax.base_minor == half_up(amount * 100 / (100 + rate))
            assert tax.base_minor + tax.tax_minor == amount
            assert abs(tax.tax_minor - tax.base_minor * rate / 100) < 1  # EN 16931 BR-CO-17
        else:
            assert tax.base_minor == amount
            assert tax.tax_minor == half_up(amount * rate / 100)
        mine = [line for line in found if (line.tax_category, line.tax_rate) == (tax.category, tax.rate)]
        assert sum(line.net_minor for line in mine) == tax.base_minor
    if gross:
        assert [line.gross_minor for line in found] == [amount for amount, _sort in rows]
    again, _ = taxed(lines=found, treatments=SORTS, gross=gross, language="en")
    assert again == found
