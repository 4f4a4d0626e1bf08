"""/settings/company: who is billed, who may say so, and what cannot be."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django_tasks_db.models import DBTaskResult

from bonafide.accounts.change_company import FIELDS, stamp
from bonafide.accounts.models import Account, AccountChange, Membership
from tests.accounts.checks import answered
from tests.accounts.confirmed import signed_in
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice, operator

pytestmark = pytest.mark.django_db
PAGE, ASK = "/settings/company", "/settings/company/ask-vies"
GOOD = {
    "kind": "company",
    "name": "Atelier Vega SARL",
    "street": "8 rue des Tanneurs",
    "postcode": "69005",
    "city": "Lyon",
    "country": "FR",
    "registration": "404 833 048",
    "vat_number": "FR 83 404 833 048",
    "billing_email": "Bills@Vega.example",
    "language": "fr",
    "purchase_order": "VEGA-17",
}


@pytest.fixture
def account():
    return make_account(name="Vega")


@pytest.fixture
def owner(account):
    return make_member(account=account, username="vega")


@pytest.fixture
def client(owner):
    return signed_in(owner)


def text(response):
    return response.content.decode()


def write(client, account, **values):
    account.refresh_from_db()
    return client.post(PAGE, {**GOOD, "seen": stamp(account), **values})


def as_it_is(account):
    return Account.objects.filter(pk=account.pk).values(*FIELDS).get()


# In the order owner, billing, viewer, stranger, staff, signed out.
TABLE = {
    "read": (200, 200, 200, 200, 404, "sign-in"),
    "change": (302, 302, 403, 409, 404, "sign-in"),  # a stranger's own account is not the one that was seen
    "ask VIES": (302, 302, 403, 302, 404, "sign-in"),
}


@pytest.mark.parametrize("place", range(6), ids=["owner", "billing", "viewer", "stranger", "staff", "signed out"])
@pytest.mark.parametrize("action", TABLE)
def test_asvs_8_2_2_each_role_may_do_what_the_table_says(account, owner, place, action):
    makers = (
        lambda: owner,
        lambda: make_member(account=account, role="billing"),
        lambda: make_member(account=account, role="viewer"),
        make_member,
        lambda: make_user(is_staff=True, is_superuser=True),
    )
    client = signed_in(makers[place]()) if place < len(makers) else Client()
    before = as_it_is(account)
    method, address, data = {
        "read": ("get", PAGE, {}),
        "change": ("post", PAGE, {**GOOD, "seen": stamp(account)}),
        "ask VIES": ("post", ASK, {}),
    }[action]
    response = getattr(client, method)(address, data)
    at_sign_in = response.status_code == 302 and response["Location"].startswith(reverse("account_login"))
    assert ("sign-in" if at_sign_in else response.status_code) == TABLE[action][place]
    assert (as_it_is(account) != before) is (action == "change" and place < 2)


def test_whoever_lost_the_role_while_the_page_was_open_changes_nothing(account, owner, client, monkeypatch):
    """The role that the view saw is not the one that counts."""
    before = as_it_is(account)
    monkeypatch.setattr("bonafide.accounts.views.company.MAY_CHANGE", set(Membership.Role))
    Membership.objects.filter(user=owner).update(role="viewer")
    assert write(client, account).status_code == 403
    assert as_it_is(account) == before


def test_it_is_kept_as_checked_and_who_changed_what_is_said(account, owner, client):
    response = client.post(PAGE, {**GOOD, "seen": stamp(account)}, follow=True)
    assert as_it_is(account) == {
        **GOOD,
        "registration": "404833048",
        "vat_number": "FR83404833048",
        "billing_email": "bills@vega.example",
    }
    change = AccountChange.objects.get()
    assert (change.by, set(change.fields) >= {"name", "vat_number", "billing_email"}) == (owner, True)
    assert "kind" not in change.fields  # which stayed
    assert "Saved. It counts for bills from now on." in text(response)
    assert "vega" in text(response).partition("<h2>Changes</h2>")[2]
    write(client, account)
    assert AccountChange.objects.count() == 1  # nothing was different


def test_a_viewer_reads_and_finds_no_form(account):
    page = text(signed_in(make_member(account=account, role="viewer")).get(PAGE))
    assert account.street in page
    assert 'name="street"' not in page
    assert "France" in page


def test_a_bill_that_was_issued_keeps_what_it_says(account, client):
    invoice = make_invoice(account=account)
    before = dict(invoice.buyer)
    assert (
        write(client, account, kind="person", country="DE", postcode="20457", registration="", vat_number="").status_code == 302
    )
    invoice.refresh_from_db()
    assert invoice.buyer == before
    assert before["name"] == "Vega"
    page = text(client.get(reverse("bill", args=[invoice.number])))
    assert before["street"] in page
    assert GOOD["street"] not in page
    assert "Bills that were issued keep what they say." in text(client.get(PAGE))


def test_the_second_of_two_writers_is_told_and_neither_loses_anything(account, client):
    other = signed_in(make_member(account=account, role="billing", username="ana"))
    seen = stamp(account)
    other.post(PAGE, {**GOOD, "seen": seen, "city": "Villeurbanne"})
    response = client.post(PAGE, {**GOOD, "seen": seen, "purchase_order": "MINE-1"})
    page = text(response)
    assert response.status_code == 409
    assert Account.objects.get(pk=account.pk).city == "Villeurbanne"
    assert "ana changed this on" in page
    assert "City: <strong>Villeurbanne</strong>" in page
    assert "Order reference: <strong>VEGA-17</strong>" in page
    assert 'value="MINE-1"' in page  # what was written is still there
    again = client.post(PAGE, {**GOOD, "seen": re.search(r'name="seen" value="(\w+)"', page)[1], "purchase_order": "MINE-1"})
    assert again.status_code == 302
    assert Account.objects.get(pk=account.pk).purchase_order == "MINE-1"


def test_writing_twice_what_somebody_else_wrote_too_is_no_quarrel(account, client):
    seen = stamp(account)
    for _n in range(2):
        assert client.post(PAGE, {**GOOD, "seen": seen}).status_code == 302
    assert AccountChange.objects.count() == 1


BAD = {
    "no name": ({"name": ""}, "required"),
    "a name of dashes": ({"name": "---"}, "no letter or digit"),
    "a name with a NUL": ({"name": "Vega\x00SARL"}, "[Nn]ull characters"),
    "a name that turns the line around": ({"name": "Vega \u202eLRAS"}, r"does not print \(U\+202E\)"),
    "a name on two lines": ({"name": "Vega\nTotal: 0 EUR"}, r"does not print \(U\+000A\)"),
    "a name of 10,000 letters": ({"name": "x" * 10_000}, "at most 200"),
    "a street of 10,000 letters": ({"street": "x" * 10_000}, "at most 200"),
    "a country that is none": ({"country": "ZZ"}, "Select a valid choice"),
    "a country of 10,000 letters": ({"country": "F" * 10_000}, "Select a valid choice"),
    "a postcode of another country": ({"postcode": "EC1A 1BB"}, "A postcode in France has five digits"),
    "a kind that is none": ({"kind": "king"}, "Select a valid choice"),
    "an address that is none": ({"billing_email": "bills at vega"}, "valid email address"),
    "an address of 10,000 letters": ({"billing_email": "x" * 10_000 + "@vega.example"}, "valid email address"),
    "an address with a Cyrillic a": ({"billing_email": "bills@veg\u0430.example"}, "cyrillic small letter a"),
    "two addresses": ({"billing_email": "a@vega.example, b@vega.example"}, "valid email address"),
    "a SIREN with a wrong digit": ({"registration": "404833047"}, "check digit does not hold"),
    "a SIREN that is too short": ({"registration": "40483304"}, "nine digits"),
    "a SIREN in letters": ({"registration": "four hundred"}, "nine digits"),
    "a SIRET that is none of its SIREN": ({"registration": "404 833 048 00023"}, "no SIRET of SIREN 404 833 048"),
    "a SIRET of another company": ({"registration": "732 829 320 00074"}, "belongs to SIREN 732 829 320"),
    "a VAT number of another country": ({"vat_number": "DE136695976"}, "a number begins with FR"),
    "a VAT number with a wrong digit": ({"vat_number": "FR84404833048"}, "check digits do not hold"),
    "a VAT number of 10,000 digits": ({"vat_number": "FR" + "1" * 10_000}, "at most 30"),
    "a VAT number in Cyrillic": ({"vat_number": "F\u042083404833048"}, "Latin letters"),
    "a person with numbers": ({"kind": "person"}, "A person has none on bills"),
    "a language that is none": ({"language": "tlh"}, "Select a valid choice"),
    "an order of 10,000 letters": ({"purchase_order": "x" * 10_000}, "at most 80"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line_and_changes_nothing(account, client, case):
    values, said = BAD[case]
    before = as_it_is(account)
    response = write(client, account, **values)
    assert response.status_code == 200
    errors = re.findall(r'<ul class="errorlist"[^>]*>(.*?)</ul>', text(response), re.DOTALL)
    assert errors
    assert all(error.count("<li>") == 1 for error in errors)
    assert any(re.search(said, error) for error in errors), errors
    assert as_it_is(account) == before
    assert not AccountChange.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"registration": "404 833 048 00022"},  # the SIRET of the SIREN in the VAT number
        {"registration": "", "vat_number": ""},
        {"registration": "356 000 000 49837", "vat_number": ""},  # La Poste, whose SIRETs have a rule of their own
        {"country": "DE", "postcode": "20457", "registration": "HRB 12345 B", "vat_number": "DE136695976"},
        {"country": "GR", "postcode": "185 35", "name": "Κύμα Ναυτιλιακή Α.Ε.", "registration": "", "vat_number": "EL094014201"},
        {"country": "JP", "postcode": "150-0001", "name": "山手工房株式会社", "registration": "", "vat_number": "T1234567890123"},
        {"country": "IE", "postcode": "", "registration": "", "vat_number": ""},
        {"country": "MC", "postcode": "98000", "registration": "12S05678", "vat_number": "FR83404833048"},
        {"name": "O’Brien & Söhne <GmbH>", "registration": "", "vat_number": ""},
    ],
    ids=str,
)
def test_what_is_right_elsewhere_is_right(account, client, values):
    response = write(client, account, **values)
    assert response.status_code == 302, re.findall(r'<ul class="errorlist".*?</ul>', text(response))
    assert escape(values.get("name", GOOD["name"])) in text(client.get(PAGE))


# --- VIES -----------------------------------------------------------------------------------------------------------------
def tasks_waiting():
    return DBTaskResult.objects.filter(task_path__endswith="check_one_vat_number").count()


def test_vies_is_asked_in_the_background_after_the_number_changed(account, client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        write(client, account)
        assert tasks_waiting() == 0  # not before it is kept
    assert tasks_waiting() == 1
    with django_capture_on_commit_callbacks(execute=True):
        write(client, account, city="Villeurbanne")
    assert tasks_waiting() == 1  # another city is no matter for VIES


SAID = {
    "": ("We are asking VIES", True),
    "unavailable": ("has not answered yet", True),
    "valid": ("the number is valid", False),
    "invalid": ("does not know this number", True),
}


@pytest.mark.parametrize("outcome", SAID)
def test_the_page_says_what_vies_says(account, client, settings, outcome):
    settings.OPERATOR = operator(tax={"vies": True})
    write(client, account)
    account.refresh_from_db()
    if outcome:
        answered(account, outcome, hours_ago=1)
    said, may_ask = SAID[outcome]
    page = text(client.get(PAGE))
    assert said in page
    assert ("Ask VIES again" in page) is may_ask


def test_it_shows_name_time_and_consultation_number(account, client):
    write(client, account)
    account.refresh_from_db()
    check = answered(account, "valid", hours_ago=1)
    type(check).objects.create(
        account=account,
        number=check.number,
        outcome="valid",
        asked_at=check.asked_at,
        name="<b>VEGA</b>",
        consultation_number="WAPI1",
    )
    page = text(client.get(PAGE))
    assert "&lt;b&gt;VEGA&lt;/b&gt;" in page
    assert "WAPI1" in page
    assert "12 November 2026, 12:00" in page


def test_where_vies_is_not_asked_the_page_says_so(account, client):
    write(client, account)
    page = text(client.get(PAGE))
    assert "switched off here" in page
    assert "Ask VIES again" not in page


def test_the_first_page_asks_for_the_address_that_is_missing(client, account):
    assert PAGE + '">Say who is billed' not in text(client.get("/"))
    Account.objects.update(street="")
    assert PAGE + '">Say who is billed' in text(client.get("/"))
