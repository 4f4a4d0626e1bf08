"""Revenue, VAT and receivables of any period, to the cent, and equal to the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.billing.amend.give_up import give_up
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.billing.report.agree import first_difference
from bonafide.billing.report.compile import COLUMNS, BadPeriod, Report, by, one_stop_shop, report_of, rows_of
from bonafide.billing.settle import settle
from bonafide.periods import Month
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account, make_vat_check
from tests.factories.billing import issue, make_plan, make_rate, make_sale, operator, subscribe

pytestmark = pytest.mark.django_db
OSS = operator(tax={"oss": "registered"}, billing={"payment_days": 30})
NOVEMBER_1 = datetime(2024, 11, 1, 8, tzinfo=UTC)


def report(start: str = "2024-10-01", end: str = "2024-10-31", as_of: str = "") -> Report:
    return report_of(
        start=date.fromisoformat(start),
        end=date.fromisoformat(end),
        as_of=date.fromisoformat(as_of) if as_of else None,
        operator=settings.OPERATOR,
    )


def pay(invoice: Invoice, amount: int, on: str, reference: str) -> None:
    settle(invoice=invoice, amount_minor=amount, received_on=date.fromisoformat(on), means="transfer", reference=reference)


def take_back(invoice: Invoice, net: int | None) -> Invoice:
    now = datetime(2024, 10, 20, tzinfo=UTC)
    return credit(invoice=invoice, net_minor=net, reason="outage", key=f"{invoice.pk} {net}", operator=OSS, now=now)


@pytest.fixture
def sold() -> dict[str, Invoice]:
    """One bill of every sort, issued on 1 October 2024, some paid, some taken back, and another month."""
    home = make_sale("Dupont", "100", country="FR", postcode="75001")
    make_sale("Schmidt", "50")
    make_sale("Payet", "10", country="FR", postcode="97400")
    firm = make_account(name="=Firma GmbH", country="DE", postcode="20457", vat_number="DE136695976")
    make_vat_check(firm)
    subscribe(firm, make_plan((None, Flat(amount=Decimal(200))), is_default=False))
    make_rate("USD", "EUR", "0.9")
    abroad = make_account(name="Abroad")
    subscribe(abroad, make_plan((None, Flat(amount=Decimal(30))), currency="USD", is_default=False))
    issue(by=OSS)
    bills = {bill.buyer["name"]: bill for bill in Invoice.objects.all()}
    pay(bills["Dupont"], 6000, "2024-10-09", "B-1")
    take_back(bills["Dupont"], 3000)
    take_back(bills["Schmidt"], None)
    make_rate("USD", "EUR", "0.8", dated_on=date(2024, 10, 31))
    issue(month=Month(2024, 10), now=NOVEMBER_1, by=OSS)
    assert home.pk == bills["Dupont"].account_id
    return bills


def test_revenue_is_told_by_tax_and_country_and_credit_notes_stand_apart(sold: dict[str, Invoice]) -> None:
    found = {
        (key.credit, key.currency, key.category, key.rate, key.taxed_in, key.place): (
            one.documents, one.net_minor, one.tax_minor, one.net_home, one.tax_home,
        )
        for key, one in report().revenue.items()
    }  # fmt: skip
    assert found == {
        (False, "EUR", "AE", "0", "", "DE"): (1, 20000, 0, 20000, 0),
        (False, "EUR", "S", "19", "DE", "DE"): (1, 5000, 950, 5000, 950),
        (False, "EUR", "S", "20", "FR", "FR"): (1, 10000, 2000, 10000, 2000),
        (False, "EUR", "S", "8.5", "RE", "RE"): (1, 1000, 85, 1000, 85),
        (False, "USD", "S", "20", "FR", "FR"): (1, 3000, 600, 2700, 540),
        (True, "EUR", "S", "19", "DE", "DE"): (1, 5000, 950, 5000, 950),
        (True, "EUR", "S", "20", "FR", "FR"): (1, 3000, 600, 3000, 600),
    }
    months = by(report(end="2024-11-30"), "month", "currency")
    assert months["2024-11-01", "USD"][False].net_home == 2400
    assert list(months) == [
        ("2024-10-01", "EUR"), ("2024-10-01", "USD"), ("2024-11-01", "EUR"), ("2024-11-01", "USD")
    ]  # fmt: skip


def test_a_period_has_exactly_its_days(sold: dict[str, Invoice]) -> None:
    assert not report("2024-10-02", "2024-10-19").revenue
    assert {key.credit for key in report("2024-10-02", "2024-10-20").revenue} == {True}
    with pytest.raises(BadPeriod, match="the last day not before the first"):
        report("2024-10-02", "2024-10-01")


def test_the_one_stop_shop_has_a_line_for_each_state_and_rate(sold: dict[str, Invoice]) -> None:
    [(key, apart)] = one_stop_shop(report()).items()
    assert key == ("DE", "19", "EUR")
    assert (apart[False].net_minor, apart[False].tax_minor, apart[True].tax_minor) == (5000, 950, 950)


def test_vat_waits_for_money_and_becomes_due_with_it(sold: dict[str, Invoice]) -> None:
    found = {(one.item, one.currency, one.rate): (one.tax_minor, one.tax_home) for one in report().vat}
    # 60.00 of 120.00 made 10.00 due; of 84.00 that were left after the credit note 60.00 are 10.00 of 14.00.
    assert found == {
        ("due", "EUR", "20"): (1000, 1000),
        ("oss", "EUR", "19"): (0, 0),
        ("pending_after", "EUR", ""): (400 + 85, 485),
        ("pending_after", "USD", ""): (600, 540),
    }
    november = {one.item: one.tax_minor for one in report("2024-11-01", "2024-11-30").vat if one.currency == "EUR"}
    assert november["pending_before"] == 485


def test_who_owes_what_is_told_by_age_of_any_day(sold: dict[str, Invoice]) -> None:
    due = sold["Dupont"].due_on
    assert due == date(2024, 10, 31)

    def owed(on: str) -> dict[str, list[str]]:
        rows = [row for row in rows_of(report(as_of=on)) if row["section"] == "receivable" and row["currency"] == "EUR"]
        return {row["customer"]: [row[name] for name in COLUMNS[-5:]] for row in rows}

    assert owed("2024-10-08")["Dupont"] == ["120.00", "0.00", "0.00", "0.00", "0.00"]
    assert owed("2024-10-31") == {
        "Dupont": ["24.00", "0.00", "0.00", "0.00", "0.00"],
        "=Firma GmbH": ["200.00", "0.00", "0.00", "0.00", "0.00"],
        "Payet": ["10.85", "0.00", "0.00", "0.00", "0.00"],
    }
    for day, place in (("2024-11-01", 1), ("2024-11-30", 1), ("2024-12-01", 2), ("2024-12-30", 2), ("2024-12-31", 3),
                       ("2025-01-29", 3), ("2025-01-30", 4)):  # fmt: skip
        assert owed(day)["Dupont"][place] == "24.00", day
    assert owed("2024-09-30") == {}


def test_the_table_names_companies_under_reverse_charge_by_their_number(sold: dict[str, Invoice]) -> None:
    [row] = [row for row in rows_of(report()) if row["section"] == "reverse_charge"]
    assert (row["month"], row["vat_number"], row["customer"], row["net"]) == ("2024-10", "DE136695976", "=Firma GmbH", "200.00")
    assert all(tuple(row) == COLUMNS for row in rows_of(report()))


def test_a_bill_of_two_rates_in_another_currency_is_shared_to_the_cent(sold: dict[str, Invoice]) -> None:
    """As it will be once bills have lines of several rates."""
    from tests.factories.billing import triggers_lifted

    bill = Invoice.objects.get(month=202409, currency="USD")
    with triggers_lifted():
        bill.taxes.update(base_minor=1001, tax_minor=200)
        bill.taxes.create(category="S", rate="8.5", base_minor=1999, tax_minor=400)
    found = {key.rate: one for key, one in report().revenue.items() if key.currency == "USD"}
    assert (found["20"].net_home, found["8.5"].net_home) == (901, 1799)
    assert (found["20"].tax_home, found["8.5"].tax_home) == (180, 360)


def test_the_report_equals_the_ledger_until_one_of_them_is_touched(sold: dict[str, Invoice]) -> None:
    from tests.factories.billing import triggers_lifted

    assert first_difference(operator=settings.OPERATOR) == ""
    touched = {
        "UPDATE billing_invoicetax SET base_minor = base_minor + 1 WHERE rate = '8.5'": "revenue in EUR",
        "UPDATE billing_invoicetax SET tax_minor = tax_minor + 1 WHERE rate = '8.5'": "VAT in EUR",
        "UPDATE billing_settlement SET amount_minor = amount_minor + 1": "open in EUR",
        "UPDATE billing_posting SET amount_minor = amount_minor + 1 WHERE currency = 'USD' AND line = 1": "revenue in USD",
    }
    for sql, said in touched.items():
        with triggers_lifted(), connection.cursor() as cursor:
            cursor.execute(sql)
            assert said in first_difference(operator=settings.OPERATOR), sql
            cursor.execute(sql.replace("+ 1", "- 1"))
        assert first_difference(operator=settings.OPERATOR) == ""


def test_other_numbers_of_accounts_change_no_report(sold: dict[str, Invoice]) -> None:
    books = {"receivable": "411999", "revenue": "707000", "vat_pending": "445899", "vat_due": "445799"}
    renamed = operator(books=books)
    before = report(end="2024-11-30")
    after = report_of(start=before.start, end=before.end, operator=renamed)
    assert (after.vat, after.receivables) == (before.vat, before.receivables)
    assert first_difference(operator=renamed) == ""


def test_it_takes_as_many_queries_for_a_year_as_for_nothing(sold: dict[str, Invoice]) -> None:
    counts = []
    for start, end in (("2020-01-01", "2020-01-01"), ("2024-01-01", "2024-12-31")):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            list(rows_of(report(start, end)))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def test_what_is_given_up_as_a_loss_is_owed_no_more(sold: dict[str, Invoice]) -> None:
    day = datetime(2024, 10, 25, 12, tzinfo=UTC)
    give_up(invoice=sold["Payet"], amount_minor=None, reason="insolvent", key="1", operator=settings.OPERATOR, now=day)
    owed = {row["customer"]: row["total"] for row in rows_of(report()) if row["section"] == "receivable"}
    assert "Payet" not in owed
    assert first_difference(operator=settings.OPERATOR) == ""
