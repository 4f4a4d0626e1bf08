"""Whatever staff see of customers in the back office leaves a trace; a single record asks for a reason first."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.models import Account
from bonafide.privacy.looking import shown
from bonafide.privacy.models import Look
from bonafide.privacy.places import Place
from bonafide.privacy.subjects import HOLDS
from bonafide.sessions.models import Session
from tests.factories.accounts import enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import make_invoice
from tests.factories.privacy import WHY, give_reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    """A browser at which somebody of the staff sits; they are ``desk.person``."""
    client = Client(raise_request_exception=False)
    client.person = enter_as_staff(client)
    return client


def page_of(thing, page="change"):
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}", args=[thing.pk])


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def looks():
    return list(Look.objects.order_by("pk").values_list("kind", "view", "account", "person", "reason"))


# --- A single record ------------------------------------------------------------------------------------------------------
def test_a_record_asks_for_a_reason_first_and_then_is_traced_with_it(desk):
    account = make_account()
    page = page_of(account)
    asked = desk.get(page)
    assert asked["Location"] == f"/staff/reason?next={page.replace('/', '%2F')}"
    assert account.name not in desk.get(asked["Location"]).content.decode()
    assert looks() == []
    answer = desk.post(asked["Location"], {"reason": WHY}, follow=True)
    assert account.name in answer.content.decode()
    assert WHY in answer.content.decode()
    [look] = Look.objects.all()
    assert (look.staff, look.account, look.person, look.view, look.reason) == (desk.person, account, None, "page", WHY)
    assert (look.kind, look.thing) == ("accounts.account", account.name)


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_each_page_of_a_record_is_traced(desk, page):
    person = make_member()
    make_member(account=person.accounts.get())
    give_reason(desk, person)
    assert desk.get(page_of(person, page)).status_code == 200
    assert looks() == [("accounts.user", "history" if page == "history" else "page", None, person.pk, WHY)]


def test_a_bill_and_a_key_are_the_accounts_and_a_reason_for_the_account_opens_them(desk):
    bill = make_invoice()
    give_reason(desk, bill.account)
    assert bill.number in desk.get(page_of(bill)).content.decode()
    assert looks() == [("billing.invoice", "page", bill.account_id, None, WHY)]


def test_a_reason_holds_for_the_accounts_members_and_for_nobody_else(desk):
    person, stranger = make_member(), make_member()
    give_reason(desk, person.accounts.get())
    assert desk.get(page_of(person)).status_code == 200
    for other in (stranger, stranger.accounts.get()):
        assert desk.get(page_of(other))["Location"].startswith("/staff/reason")
    assert [look.person for look in Look.objects.all()] == [person]


def test_a_viewer_whose_name_stands_on_an_accounts_page_has_a_look_of_their_own(desk):
    account = make_member().accounts.get()
    viewer = make_member(account=account, role="viewer")
    give_reason(desk, account)
    desk.get(page_of(account))
    assert looks() == [
        ("accounts.account", "page", account.pk, None, WHY),
        ("accounts.account", "page", None, viewer.pk, WHY),
    ]


def test_a_reason_runs_out_after_an_hour(desk):
    account, now = make_account(), timezone.now()
    give_reason(desk, account)
    with time_machine.travel(now + timedelta(minutes=59)):
        assert desk.get(page_of(account)).status_code == 200
    with time_machine.travel(now + timedelta(minutes=61)):
        assert desk.get(page_of(account)).status_code == 302


def test_a_reason_is_put_away(desk):
    account = make_account()
    give_reason(desk, account)
    desk.post("/staff/reason/done", {"name": f"account:{account.pk}"})
    assert desk.get(page_of(account))["Location"].startswith("/staff/reason")


def test_a_form_sent_after_the_reason_ran_out_changes_nothing_and_says_how_to_go_on(desk):
    account = make_account(name="Atelier Vega")
    answer = desk.post(page_of(account), {"name": "Another"})
    assert answer.status_code == 403
    assert "Nothing was saved" in answer.content.decode()
    account.refresh_from_db()
    assert account.name == "Atelier Vega"


@pytest.mark.parametrize("reason", ["", "    ", "ok", "12345678", "x" * 301])
def test_a_reason_says_something(desk, reason):
    answer = desk.post(f"/staff/reason?next={page_of(make_account())}", {"reason": reason})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["", "https://evil.example/", "//evil.example/staff/", "/bills", "/staff/", "/staff/nowhere/"]
)
def test_a_reason_leads_to_a_record_and_nowhere_else(desk, elsewhere):
    assert desk.get("/staff/reason", {"next": elsewhere}).status_code == 404


def test_ones_own_record_needs_neither_reason_nor_trace(desk):
    assert desk.get(page_of(desk.person)).status_code == 200
    assert looks() == []


# --- Lists ----------------------------------------------------------------------------------------------------------------
def test_a_list_leaves_one_look_for_each_customer_on_it_and_asks_for_no_reason(desk):
    bill, other = make_invoice(), make_account()
    assert desk.get(list_of(type(bill))).status_code == 200
    assert looks() == [("billing.invoice", "list", bill.account_id, None, "")]
    assert not Look.objects.filter(account=other).exists()


def test_a_list_costs_as_many_queries_for_forty_customers_as_for_one(desk):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk.get("/staff/accounts/account/").status_code == 200
        return len(queries)

    make_account()
    count()  # what is read once a process
    few = count()
    for _ in range(39):
        make_account()
    assert count() == few
    assert Look.objects.filter(view="list").count() == 1 + 1 + 40


@pytest.mark.parametrize(("name", "secret"), [("user", "vega@example.com"), ("account", "FR40303265045")])
def test_lists_show_what_somebody_is_found_by_and_no_more(desk, name, secret):
    make_member(account=make_account(vat_number="FR40303265045"), email="vega@example.com")
    assert secret not in desk.get(f"/staff/accounts/{name}/").content.decode()


def test_what_a_form_offers_to_choose_from_is_traced_as_a_list(desk):
    account = make_account(name="Atelier Vega")
    asked = {"app_label": "pricing", "model_name": "subscription", "field_name": "account", "term": "Vega"}
    answer = desk.get("/staff/autocomplete/", asked)
    assert [row["text"] for row in json.loads(answer.content)["results"]] == ["Atelier Vega"]
    assert looks() == [("accounts.account", "list", account.pk, None, "")]


def test_what_is_done_to_rows_of_a_list_is_traced_for_each_and_never_for_rows_unseen(desk):
    one, other = make_account(), make_account()
    do = {"action": "close", "_selected_action": [one.pk]}
    assert desk.post("/staff/accounts/account/", do).status_code == 302
    assert [(look.account, look.view, look.thing) for look in Look.objects.all()] == [(one, "act", "close")]
    assert desk.post("/staff/accounts/account/", do | {"select_across": "1"}).status_code == 403
    other.refresh_from_db()
    assert other.closed_at is None


def test_there_is_no_deleting_of_many_at_once(desk):
    person = make_user()
    desk.post("/staff/accounts/user/", {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    assert type(person).objects.filter(pk=person.pk).exists()


# --- Deny first -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/staff/search/?s=vega", "/staff/r/4/1/", "/staff/accounts/user/1/", "/staff/nowhere/"])
def test_what_nobody_declared_is_closed(desk, address):
    assert desk.get(address).status_code == 404


def test_a_model_that_nobody_declared_is_shown_to_nobody(desk, monkeypatch):
    bill = make_invoice()
    monkeypatch.delitem(HOLDS, "billing.Invoice")
    assert desk.get(list_of(type(bill))).status_code == 404
    assert desk.get(page_of(bill)).status_code == 404


def test_a_list_of_which_nobody_can_tell_whose_it_is_is_closed():
    with pytest.raises(PermissionDenied):
        shown(HttpResponse("everybody, in a form of our own"), Place(Account, "changelist"))


def test_a_look_that_cannot_be_written_is_not_answered(desk, monkeypatch):
    def broken(*_args, **_values):
        raise DatabaseError("no space left")

    account = make_account(name="Atelier Vega")
    give_reason(desk, account)
    monkeypatch.setattr(Look.objects, "bulk_create", broken)
    for address in ("/staff/accounts/account/", page_of(account), page_of(account, "history")):
        answer = desk.get(address)
        assert answer.status_code == 500
        assert "Vega" not in answer.content.decode()
    changed = desk.post(page_of(account), {"name": "Another"})
    done = desk.post("/staff/accounts/account/", {"action": "close", "_selected_action": [account.pk]})
    assert (changed.status_code, done.status_code) == (500, 500)
    account.refresh_from_db()
    assert (account.name, account.closed_at) == ("Atelier Vega", None)


def test_passwords_are_changed_in_the_console_where_the_other_sessions_end(desk):
    assert desk.get("/staff/password_change/")["Location"] == "/account/password/change/"


def test_staff_cannot_make_themselves_members(desk):
    account = make_account()
    give_reason(desk, account)
    form = {
        name: getattr(account, name)
        for name in ("reference", "kind", "name", "language", "street", "postcode", "city", "country")
    }
    rows = {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0, "memberships-0-role": "viewer"}
    answer = desk.post(
        page_of(account), form | rows | {"memberships-0-user": desk.person.pk, "memberships-0-account": account.pk}
    )
    assert "by a visit" in answer.content.decode()
    assert not account.memberships.exists()
    assert Session.objects.filter(user=desk.person).count() == 1
