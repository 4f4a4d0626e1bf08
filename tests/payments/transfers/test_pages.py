"""The staff's pages of bank transfers: import, look, decide; everybody who is on a page reads that staff saw it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bonafide.accounts.models import User
from bonafide.billing.balance.models import Grant
from bonafide.payments.transfers.forms import LARGEST, packed, unpacked
from bonafide.payments.transfers.models import BankStatement, Decision, Movement
from bonafide.payments.transfers.propose import waiting
from bonafide.privacy.models import Look
from tests.factories.accounts import enter, enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import make_invoice, operator
from tests.factories.transfers import NOW, Paid, camt, paid_on, take

pytestmark = pytest.mark.django_db

LIST, IMPORT = "/staff/transfers/", "/staff/transfers/import"


@pytest.fixture(autouse=True)
def _then() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk() -> Client:
    client = Client(raise_request_exception=True)
    client.person = enter_as_staff(client)  # type: ignore[attr-defined]
    return client


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def upload(desk: Client, content: bytes, name: str = "day.xml") -> str:
    return desk.post(IMPORT, {"file": SimpleUploadedFile(name, content)}, follow=True).content.decode()


def waits(*movements: Paid) -> str:
    """Have movements wait, and the address of the first one."""
    take(camt(*movements), operator=operator(transfers={"book_certain": False}))
    return f"{LIST}{waiting().earliest('pk').pk}"


def decide(desk: Client, address: str, do: str, **given: object) -> str:
    return text_of(desk.post(address, {"do": do, **given}, follow=True).content)


# --- Who may --------------------------------------------------------------------------------------------------------------
def test_to_everybody_but_the_staff_there_are_no_such_pages_and_staff_need_the_permission(desk: Client) -> None:
    one = waits(Paid("5.00"))
    owner, signed_out = Client(), Client()
    enter(owner, make_member())
    for address in (LIST, one):
        assert owner.get(address).status_code == 404
        assert signed_out.get(address)["Location"].startswith("/account/login/")
    for address in (IMPORT, one):
        assert owner.post(address, {"do": "set_aside"}).status_code == 404
    User.objects.update(is_superuser=False)
    assert {desk.get(address).status_code for address in (LIST, one)} == {403}
    assert {desk.post(address).status_code for address in (IMPORT, one)} == {403}
    assert not Decision.objects.exists()


def test_nothing_is_done_without_our_token() -> None:
    one = waits(Paid("5.00"))
    client = Client(enforce_csrf_checks=True)
    enter_as_staff(client)
    assert client.get(IMPORT).status_code == 405
    assert [client.post(address, {"do": "set_aside", "reason": "x"}).status_code for address in (IMPORT, one)] == [403, 403]


# --- Import ---------------------------------------------------------------------------------------------------------------
def test_a_file_is_shown_first_and_then_booked(desk: Client) -> None:
    bill = make_invoice()
    content = camt(Paid("12.00", reference=bill.payment_reference), Paid("5.00", text="?", name="Somebody"), Paid("-3.00"))
    shown = upload(desk, content)
    assert "New movements 2 Already known 0 Your own payments, left out 1 Certain 1" in text_of(shown.encode())
    assert f"{bill.number}: its payment reference is given" in text_of(shown.encode())
    assert (Movement.objects.count(), paid_on([bill])) == (0, [0])
    assert list(Look.objects.values_list("account", "view")) == [(bill.account_id, "list")]
    [sent] = re.findall(r'name="packed" value="([^"]+)"', shown)
    said = text_of(desk.post(IMPORT, {"name": "day.xml", "packed": sent}, follow=True).content)
    assert "2 movements are new. 1 was booked." in said
    assert (paid_on([bill]), BankStatement.objects.get().imported_by) == ([1200], desk.person)  # type: ignore[attr-defined]
    said = text_of(desk.post(IMPORT, {"name": "day.xml", "packed": sent}, follow=True).content)
    assert "This file was imported before" in said
    assert paid_on([bill]) == [1200]


def test_what_is_no_statement_or_too_large_gets_one_line(desk: Client) -> None:
    assert "day.xml: neither camt.053 (XML) nor MT940" in upload(desk, b"hello")
    assert "larger than 4 MiB" in upload(desk, b"<" * (LARGEST + 1))
    assert "The file was not sent whole" in decide(desk, IMPORT, "", packed="no", name="x")
    assert unpacked(packed(b"x" * (LARGEST + 1))) is None
    assert unpacked(packed(b"statement")) == b"statement"
    assert not BankStatement.objects.exists()


def test_statements_that_do_not_join_and_a_silent_bank_are_told(desk: Client) -> None:
    from datetime import date, timedelta

    take(camt(Paid("1.00", day=date(2024, 10, 1)), opening="100.00"), name="one.xml")
    take(camt(Paid("1.00", day=date(2024, 10, 2)), opening="101.00"), name="two.xml")
    assert "missing" not in text_of(desk.get(LIST).content)
    take(camt(Paid("1.00", day=date(2024, 10, 3)), opening="150.00"), name="four.xml")
    assert re.search(
        r"A statement is missing: two.xml ends .* €102.00, and four.xml begins .* €150.00", text_of(desk.get(LIST).content)
    )
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        again = Client()
        enter(again, desk.person)  # type: ignore[attr-defined]
        assert "The last statement was imported on" in text_of(again.get(LIST).content)


# --- Decide ---------------------------------------------------------------------------------------------------------------
def test_the_proposal_that_was_seen_is_taken_and_no_other(desk: Client) -> None:
    bill = make_invoice(account=make_account(name="Max Muster"))
    one = waits(Paid("12.00", text="october"))
    page = desk.get(one).content.decode()
    assert "who paid has the customer’s name, and the amount is what is open" in page
    [seen] = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    assert "has changed since you looked" in decide(desk, one, "take", seen="0" * 16)
    assert "Decided." in decide(desk, one, "take", seen=seen)
    assert (paid_on([bill]), Decision.objects.get().decided_by) == ([1200], desk.person)  # type: ignore[attr-defined]
    assert "already" in decide(desk, one, "set_aside", reason="too late")
    assert f"{bill.number}" in text_of(desk.get(one).content)


def test_bills_and_amounts_are_chosen_by_hand(desk: Client) -> None:
    first, second = make_invoice(account=make_account(name="Brasserie Orion")), make_invoice()
    one = waits(Paid("20.00", text="lunch", name="Nobody we know"))
    assert f"amount_{first.pk}" in desk.get(one, {"q": "orion"}).content.decode()
    assert f"amount_{second.pk}" in desk.get(one, {"q": str(second.number)}).content.decode()
    assert "more than is open" in decide(desk, one, "book", **{f"amount_{first.pk}": "12.01"})
    assert "is no amount" in decide(desk, one, "book", **{f"amount_{first.pk}": "1e3"})
    assert "name the customer" in decide(desk, one, "book", **{f"amount_{first.pk}": "12", f"amount_{second.pk}": "7.50"})
    assert "no customer has the reference" in decide(desk, one, "keep", account="nobody")
    given = {f"amount_{first.pk}": "12,00", f"amount_{second.pk}": "7.50", "account": second.account.reference}
    assert "Decided." in decide(desk, one, "book", **given)
    assert (paid_on([first, second]), Grant.objects.get().amount_minor) == ([1200, 750], 50)


def test_money_is_kept_in_advance_or_set_aside_with_a_reason(desk: Client) -> None:
    account = make_account()
    one = waits(Paid("20.00"), Paid("21.00"))
    assert "Decided." in decide(desk, one, "keep", account=account.reference)
    assert Grant.objects.get().account == account
    other = f"{LIST}{waiting().get().pk}"
    assert "expected a reason" in decide(desk, other, "set_aside", reason=" ")
    assert "Nothing waits for you" in decide(desk, other, "set_aside", reason="a private transfer")
    assert "“a private transfer”" in text_of(desk.get(other).content)
    assert "booked" in text_of(desk.get(f"{LIST}?show=decided").content)


def test_the_payment_that_was_taken_back_is_chosen(desk: Client) -> None:
    bill = make_invoice()
    take(camt(Paid("12.00", reference=bill.payment_reference)))
    one = waits(Paid("-12.00", returned=True, name_iban="", text="refund request"))
    [chosen] = re.findall(r'name="receipt"\s+id="[^"]+"\s+value="(\d+)"', desk.get(one).content.decode())
    assert "Choose the payment" in decide(desk, one, "return")
    assert "Decided." in decide(desk, one, "return", receipt=chosen)
    assert paid_on([bill]) == [0]
    assert "Takes back the payment of" in text_of(desk.get(one).content)


def test_a_second_of_the_staff_is_told_that_it_was_decided(desk: Client) -> None:
    account, one = make_account(), waits(Paid("20.00"))
    other = Client()
    enter(other, make_user(username="sacha", is_staff=True, is_superuser=True))
    assert "By hand" in text_of(desk.get(one).content)
    decide(other, one, "set_aside", reason="private")
    assert "sacha decided already" in decide(desk, one, "keep", account=account.reference)
    assert (Decision.objects.count(), Grant.objects.count()) == (1, 0)


# --- Its trace, and what it costs -----------------------------------------------------------------------------------------
def test_whoever_is_on_the_page_reads_that_staff_saw_it(desk: Client) -> None:
    seen = make_invoice(account=make_account(name="Max Muster"))
    unseen = make_invoice(hours="99")
    one = waits(Paid("12.00"))
    desk.get(one)
    assert list(Look.objects.values_list("account", "kind")) == [(seen.account_id, "accounts.account")]
    desk.get(one, {"q": str(unseen.number)})
    assert Look.objects.filter(account=unseen.account).count() == 1


def test_a_list_of_many_asks_no_more_than_one_of_few(desk: Client) -> None:
    make_invoice()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(LIST).status_code == 200
        return len(queries)

    waits(Paid("20.00"), Paid("21.00"))
    asked()
    few = asked()
    waits(*(Paid(f"{n}.00", ref=f"x{n}") for n in range(30, 70)))
    assert asked() == few
