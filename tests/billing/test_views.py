"""The list of bills, and one bill."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from bonafide.billing import views
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.documents.models import Document
from tests.documents.bills import LINES, line, make_issued
from tests.factories.accounts import make_account, make_member, make_user

pytestmark = pytest.mark.django_db
NOW = "2026-11-02T12:00:00Z"


@pytest.fixture(autouse=True)
def _on_the_day_after_issue():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account():
    return make_account(name="Atelier Vega SARL")


@pytest.fixture
def client(account) -> Client:
    return signed_in(make_member(account=account, role="viewer"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


# --- one bill ---


def test_a_bill_shows_what_it_says_and_what_it_comes_to(client, account):
    invoice = make_issued(account=account)
    text = page(client, f"/bills/{invoice.number}")
    for words in ("Instance DEV1-XL, atelier-db", "745 h", "€0.124", "€92.38", "VAT 20 % on €302.00", "€60.40", "€362.40"):
        assert words in text
    assert "No discount is given for early payment." in text
    assert "due tomorrow" in text
    assert "8 rue des Étoiles" in text
    assert "VAT number FR44732829320" in text


def test_a_line_opens_to_what_it_is_made_of(client, account):
    details = [{"label": "bucket <one>", "quantity": "1234.5"}]
    invoice = make_issued(account=account, lines=[line("Storage", "1234.5", "GB", "0.01", details=details)])
    text = page(client, f"/bills/{invoice.number}")
    assert "<dt>bucket &lt;one&gt;</dt><dd>1,234.5</dd>" in text


def test_of_many_parts_the_first_are_shown_and_all_on_request(client, account, monkeypatch):
    monkeypatch.setattr(views, "PARTS_SHOWN", 2)
    details = [{"label": f"bucket-{n}", "quantity": "1"} for n in range(3)]
    number = make_issued(account=account, lines=[line("Storage", "3", "GB", "0.01", details=details)]).number
    cut, whole = page(client, f"/bills/{number}"), page(client, f"/bills/{number}?all")
    assert "bucket-1" in cut
    assert "bucket-2" not in cut
    assert "Show all 3" in cut
    assert "bucket-2" in whole
    assert "Show all 3" not in whole


def test_an_open_bill_says_how_to_pay_it(client, account):
    text = page(client, f"/bills/{make_issued(account=account).number}")
    assert "FR76 3000 6000 0112 3456 7890 189" in text
    assert "RF93 F202 6000 42" in text
    assert 'class="qr"' in text


def test_a_paid_bill_asks_for_nothing(client, account):
    invoice = make_issued(account=account)
    settle(invoice=invoice, amount_minor=36240, received_on=date(2026, 11, 2), means="transfer", reference="1")
    text = page(client, f"/bills/{invoice.number}")
    assert '<span class="chip kept">paid</span>' in text
    assert "Pay by transfer" not in text
    assert "Received" in text


def test_a_partly_paid_bill_asks_for_the_rest(client, account):
    invoice = make_issued(account=account)
    settle(invoice=invoice, amount_minor=30000, received_on=date(2026, 11, 2), means="transfer", reference="1")
    text = page(client, f"/bills/{invoice.number}")
    assert "Still to pay" in text
    assert "€62.40" in text


def test_a_bill_in_dollars_has_no_code(client, account):
    text = page(client, f"/bills/{make_issued(account=account, currency='USD').number}")
    assert "Pay by transfer" in text
    assert 'class="qr"' not in text


def test_a_trial_bill_says_not_to_pay_it(client, account):
    assert "Please do not pay it" in page(client, f"/bills/{make_issued(account=account, trial=True).number}")


def test_reverse_charge_is_said_with_its_reason(client, account):
    invoice = make_issued(account=account, rate="0", category="AE", reason="Reverse charge")
    text = page(client, f"/bills/{invoice.number}")
    assert "VAT 0 % on €302.00" in text
    assert "Reverse charge" in text


def test_a_bill_of_zero_has_nothing_to_pay(client, account):
    text = page(client, f"/bills/{make_issued(account=account, lines=[]).number}")
    assert "nothing to pay" in text
    assert "Nothing was used in this month." in text
    assert "Pay by transfer" not in text


def test_the_pdf_is_offered_once_it_is_there(client, account):
    invoice = make_issued(account=account)
    assert "The PDF is being prepared" in page(client, f"/bills/{invoice.number}")
    Document.objects.create(invoice=invoice, path="x.pdf", sha256="0" * 64, rendered_at=invoice.issued_at)
    text = page(client, f"/bills/{invoice.number}")
    assert "Open the PDF" in text
    assert "The PDF is being prepared" not in text


def test_a_long_bill_shows_its_first_lines_and_all_on_request(client, account, monkeypatch):
    monkeypatch.setattr(views, "LINES_SHOWN", 3)
    invoice = make_issued(account=account)
    cut = page(client, f"/bills/{invoice.number}")
    assert LINES[2]["text"] in cut
    assert LINES[3]["text"] not in cut
    assert "The first 3 of 5 lines" in cut
    assert "€362.40" in cut
    whole = page(client, f"/bills/{invoice.number}?all")
    assert LINES[4]["text"].split(":")[0] in whole
    assert "The first 3" not in whole


def test_a_number_may_hold_every_character_that_a_prefix_may(client, account):
    number = "Fa+b_/c-2026-000001"
    make_issued(account=account, number=number)
    assert f"Bill {number}" in page(client, f"/bills/{number}")
    assert f'href="/bills/{number}"' in page(client, "/bills")


def test_place_and_seal_can_be_read(client, account):
    invoice = make_issued(account=account, seal="ab" * 32)
    text = page(client, f"/bills/{invoice.number}")
    assert "ab" * 32 in text
    assert f"<dd>{invoice.position}</dd>" in text


def test_a_bill_of_another_of_ones_accounts_does_not_link_to_the_usage_of_this_one(account):
    from bonafide.accounts.models import Membership

    user = make_member(account=account)
    other = make_account()
    Membership.objects.create(user=user, account=other, role="owner", created_at=other.created_at)
    assert "usage.csv" in page(signed_in(user), f"/bills/{make_issued(account=account).number}")
    assert "usage.csv?month" not in page(signed_in(user), f"/bills/{make_issued(account=other).number}")


def test_strangers_and_staff_have_no_such_bill(account):
    invoice = make_issued(account=account)
    page(signed_in(make_member()), f"/bills/{invoice.number}", 404)
    page(signed_in(make_user(is_staff=True, is_superuser=True)), f"/bills/{invoice.number}", 404)
    page(signed_in(make_member(account=account)), "/bills/F2026-999999", 404)


def test_a_draft_is_nobodys_bill(client, account):
    invoice = Invoice.objects.create(
        account=account, month=202610, currency="EUR", language="en", seller={}, buyer={}, net_minor=0, tax_minor=0,
        total_minor=0, period_start_on=date(2026, 10, 1), period_end_on=date(2026, 10, 31),
    )  # fmt: skip
    assert invoice.number is None
    page(client, "/bills/None", 404)
    assert "No bills yet" in page(client, "/bills")


def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back():
    assert Client().get("/bills/F2026-000001")["Location"] == "/account/login/?next=/bills/F2026-000001"


def test_a_bill_takes_the_same_queries_however_long_it_is(client, account, django_assert_num_queries):
    short, long = make_issued(account=account, month=202608, lines=LINES[:1]), make_issued(account=account, lines=LINES * 50)
    with django_assert_num_queries(10):
        client.get(f"/bills/{short.number}")
    with django_assert_num_queries(11):  # and one to count what is not shown
        client.get(f"/bills/{long.number}")


# --- the list ---


def test_the_list_says_first_what_is_to_be_paid_and_on_which_bill(client, account):
    invoice = make_issued(account=account)
    text = page(client, "/bills")
    assert '<span class="amount">€362.40</span> to pay' in text
    assert f'on one bill: <a href="/bills/{invoice.number}">{invoice.number}</a> is due on' in text


def test_what_was_due_is_called_overdue(client, account):
    make_issued(account=account)
    with time_machine.travel("2026-11-06T12:00:00Z", tick=False):
        text = page(client, "/bills")
    assert "overdue by 3 days" in text
    assert "was due on" in text


def test_sums_of_two_currencies_are_not_added(client, account):
    make_issued(account=account)
    make_issued(account=account, month=202609, currency="USD", lines=[line("x", "1", "h", "10")])
    text = page(client, "/bills")
    assert "€362.40" in text
    assert "US$12.00" in text


def test_when_all_is_paid_it_says_so(client, account):
    invoice = make_issued(account=account)
    settle(invoice=invoice, amount_minor=36240, received_on=date(2026, 11, 2), means="transfer", reference="1")
    assert "Nothing to pay" in page(client, "/bills")


def test_before_the_first_bill_the_page_says_when_it_comes(client):
    text = page(client, "/bills")
    assert "No bills yet" in text
    assert "A bill is made for each calendar month" in text


def test_other_peoples_bills_are_not_in_the_list(client):
    invoice = make_issued()
    assert invoice.number not in page(client, "/bills")


def test_a_person_without_an_account_is_told_what_to_do():
    text = page(signed_in(make_user(email="new@example.com")), "/bills")
    assert "not a member of an account yet" in text
    assert "new@example.com" in text


def test_many_bills_come_in_pages(client, account, monkeypatch):
    monkeypatch.setattr(views, "PER_PAGE", 2)
    for month in (202608, 202609, 202610):
        make_issued(account=account, month=month)
    first, second = page(client, "/bills"), page(client, "/bills?page=2")
    assert "page 1 of 2" in first
    assert 'rel="next"' in first
    assert "August 2026" in second
    assert "October 2026" not in second
    assert "page 1 of 2" in page(client, "/bills?page=nonsense")


def test_the_list_takes_the_same_queries_however_many_there_are(client, account, django_assert_num_queries):
    make_issued(account=account)
    with django_assert_num_queries(19):  # most of them for the month so far, and for a month that is over without a bill
        client.get("/bills")
    for month in range(202601, 202609):
        make_issued(account=account, month=month)
    with django_assert_num_queries(19):
        client.get("/bills")


def test_amounts_and_dates_are_in_the_readers_language(account):
    invoice = make_issued(account=account)
    text = page(signed_in(make_member(account=account, language="fr")), f"/bills/{invoice.number}")
    assert "362,40 €" in text
    assert "1er novembre 2026" in text


def test_no_page_carries_a_style_or_a_script_of_its_own(client, account):
    invoice = make_issued(account=account)
    for address in ("/", "/usage", "/bills", f"/bills/{invoice.number}"):
        text = page(client, address)
        assert "style=" not in text
        assert "<script>" not in text
        assert "onclick" not in text


def test_the_lines_of_a_bill_add_up_on_the_page(client, account):
    """What stands in the column is what stands under it."""
    invoice = make_issued(account=account)
    text = page(client, f"/bills/{invoice.number}")
    nets = [Decimal(found) for found in re.findall(r'<td class="num big">€([\d.]+)</td>', text)]
    assert sum(nets) == Decimal("302.00")
    assert invoice.due_on == invoice.issued_on + timedelta(days=2)
