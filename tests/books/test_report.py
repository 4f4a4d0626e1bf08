"""The report as staff see it, as CSV, and as it is typed."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from click.testing import CliRunner, Result
from django.contrib.auth.models import Permission
from django.test import Client

from bonafide.billing.closings.models import Closing
from bonafide.billing.models import Invoice
from bonafide.billing.report.compile import COLUMNS, BadPeriod
from bonafide.billing.settle import settle
from bonafide.books.commands import books
from bonafide.books.csv_file import harmless
from bonafide.pricing.rating import Flat
from bonafide.privacy.models import Look
from tests.factories.accounts import enter, make_account, make_user, make_vat_check
from tests.factories.billing import issue, make_plan, make_sale, subscribe
from tests.factories.billing import operator as operator_with

pytestmark = pytest.mark.django_db
OCTOBER = {"start": "2024-10-01", "end": "2024-10-31"}


@pytest.fixture
def sold() -> None:
    make_sale("=SUM(A1)", "100", country="FR", postcode="75001", reference="A-1")
    make_sale("Paid", "10", country="FR", postcode="75001", reference="A-2")
    firm = make_account(name="Firma GmbH", country="DE", postcode="20457", vat_number="DE136695976", reference="A-3")
    make_vat_check(firm)
    subscribe(firm, make_plan((None, Flat(amount=Decimal(200))), is_default=False))
    issue(by=operator_with(tax={"oss": "registered"}))
    paid = Invoice.objects.get(account__reference="A-2")
    settle(invoice=paid, amount_minor=1200, received_on=date(2024, 10, 9), means="transfer", reference="B-1")


def staff(*permissions: str) -> Client:
    client = Client()
    person = make_user(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    enter(client, person)
    return client


def looked_at() -> set[str]:
    return set(Look.objects.filter(view="list", kind="billing.invoice").values_list("account__reference", flat=True))


def test_staff_see_a_period_and_it_is_written_down_whose_names_they_saw(sold: None) -> None:
    page = staff("view_invoice").get("/staff/books", OCTOBER)
    text = page.content.decode()
    for seen in ("=SUM(A1)", "DE136695976", "€310.00", "€22.00", "€120.00"):
        assert seen in text
    assert looked_at() == {"A-1", "A-3"}


def test_the_navigation_of_the_back_office_leads_there() -> None:
    client = staff("view_invoice")
    assert "/staff/billing/booksreport/" in client.get("/staff/").content.decode()
    assert client.get("/staff/billing/booksreport/")["Location"] == "/staff/books"
    assert "/staff/billing/booksreport/" not in staff("view_closing").get("/staff/").content.decode()
    assert staff("view_closing").get("/staff/billing/booksreport/1/change/").status_code in (302, 403)


def test_it_shows_the_last_month_unless_asked(sold: None) -> None:
    with time_machine.travel(datetime(2024, 11, 5, tzinfo=UTC)):
        page = staff("view_invoice").get("/staff/books")
    assert (page.context["report"].start, page.context["report"].end) == (date(2024, 10, 1), date(2024, 10, 31))


def test_days_that_are_none_are_asked_for_again(sold: None) -> None:
    for given in ({"start": "2024-10-02", "end": "2024-10-01"}, {"start": "soon", "end": "2024-10-01"}, {"start": "2024-10-01"}):
        for path in ("/staff/books", "/staff/books.csv"):
            page = staff("view_invoice").get(path, given)
            assert page.status_code == 400
            assert "<form" in page.content.decode()
    assert looked_at() == set()


def test_it_is_for_staff_who_may_see_bills_alone(sold: None) -> None:
    for path in ("/staff/books", "/staff/books.csv"):
        assert Client().get(path).status_code == 302
        member = Client()
        enter(member, make_user())
        assert member.get(path).status_code == 404
        assert staff("view_user").get(path).status_code == 403
        assert staff("view_invoice").get(path).status_code == 200
        assert staff("view_invoice").post(path).status_code == 405


def test_the_csv_has_the_same_numbers_and_no_formula(sold: None) -> None:
    answer = staff("view_invoice").get("/staff/books.csv", OCTOBER)
    rows = list(csv.DictReader(StringIO(b"".join(answer).decode())))  # type: ignore[arg-type]
    assert tuple(rows[0]) == COLUMNS
    owed = {row["account"]: (row["customer"], row["not_due"], row["total"]) for row in rows if row["section"] == "receivable"}
    assert owed["A-1"][0] == "'=SUM(A1)"
    assert set(owed) == {"A-1", "A-3"}
    assert sum(Decimal(row["net"]) for row in rows if row["section"] == "revenue") == 310
    assert looked_at() == {"A-1", "A-3"}
    assert answer["Content-Disposition"] == 'attachment; filename="books-2024-10-01-2024-10-31.csv"'


@pytest.mark.parametrize(
    ("given", "written"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-12.50", "-12.50"), ("-1+2", "'-1+2"), ("+33", "'+33"), ("\tx", "'\tx"), (None, "")],
)
def test_a_cell_is_no_formula(given: str | None, written: str) -> None:
    assert harmless(given) == written


# --- The command ----------------------------------------------------------------------------------------------------------
def bonafide(*arguments: str) -> Result:
    with time_machine.travel(datetime(2024, 11, 20, 9, tzinfo=UTC), tick=False):
        return CliRunner().invoke(books, arguments)


PERIOD = ("--from", "2024-10-01", "--to", "2024-10-31")


def test_the_command_prints_the_same_in_every_form(sold: None) -> None:
    said = bonafide("report", *PERIOD).stdout
    assert "3 bills               310.00 EUR         22.00 EUR        332.00 EUR" in said
    table = list(csv.DictReader(StringIO(bonafide("report", *PERIOD, "--csv").stdout)))
    told = json.loads(bonafide("report", *PERIOD, "--json").stdout)
    assert (told["from"], told["to"], told["home"]) == ("2024-10-01", "2024-10-31", "EUR")
    plain = [{name: value.removeprefix("'") for name, value in row.items() if value} for row in table]
    assert told["rows"] == plain
    assert json.loads(bonafide("report", "--from", "2020-01-01", "--to", "2020-01-01", "--json").stdout)["rows"] == []


def test_a_period_that_is_none_is_one_line() -> None:
    for given, said in ((("2024-13-01", "2024-10-31"), "expected YYYY-MM-DD"), (("2024-10-02", "2024-10-01"), "not before")):
        failed = bonafide("report", "--from", given[0], "--to", given[1])
        assert isinstance(failed.exception, BadPeriod)
        assert said in str(failed.exception)


def test_months_are_closed_by_the_command_and_seen_in_the_back_office(sold: None) -> None:
    assert bonafide("close", "2024-10").stdout.startswith(
        "2024-10 closed: 332.00 EUR billed, 0.00 EUR credited, 12.00 EUR paid; seal "
    )
    assert bonafide("close", "2024-10").stdout == "2024-10 is closed already\n"
    client = staff("view_closing", "view_invoice")
    listed = client.get("/staff/billing/closing/").content.decode()
    assert "€332.00" in listed
    assert "/staff/books" in listed
    opened = client.get(f"/staff/billing/closing/{Closing.objects.get().pk}/change/")
    assert opened.status_code == 200
    assert client.post(f"/staff/billing/closing/{Closing.objects.get().pk}/change/", {}).status_code == 403
