"""What holds for every page: headers, language, frame, errors, and nothing from anywhere else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.urls import get_resolver, path, reverse

from bonafide.web import errors
from bonafide.web.headers import CONTENT_SECURITY_POLICY, STAFF_POLICY
from bonafide.web.templatetags import web
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice

PACKAGE = Path(__file__).parents[2] / "bonafide"
# Letters carry their style on the elements: mail programs read nothing else.
PAGES = [p for p in PACKAGE.rglob("templates/**/*.html") if "mail" not in p.relative_to(PACKAGE).parts]


class Strict(HTMLParser):
    """Collects what our policy forbids, and whatever points to another host."""

    def __init__(self):
        super().__init__()
        self.inline, self.foreign = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "style" or "style" in given or (tag == "script" and "src" not in given):
            self.inline.append(self.get_starttag_text())
        if any(name.startswith("on") for name in given):
            self.inline.append(self.get_starttag_text())
        loads = {"src", "srcset", "data", "poster"} | ({"href"} if tag in ("link", "use", "image") else set())
        self.foreign += [given[name] for name in loads & set(given) if re.match(r"(https?:)?//", given[name] or "")]


def check(html):
    found = Strict()
    found.feed(html)
    return found.inline + found.foreign


@pytest.fixture
def member(db):
    account = make_account(name="Atelier Vega")
    make_invoice(account=account)
    return make_member(account=account)


@pytest.fixture
def signed_in(client, member):
    client.force_login(member)
    return client


@pytest.mark.parametrize("template", PAGES, ids=lambda p: p.name)
def test_no_template_holds_an_inline_style_or_script_or_a_foreign_asset(template):
    assert check(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "bad", ['<p style="x">', "<script>1</script>", '<a onclick="x()">', "<style>", '<img src="https://x.example/a">']
)
def test_the_search_for_them_finds_them(bad):
    assert check(bad) != []


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/terms", "/legal", "/account/login/", "/account/signup/", "/nowhere"])
def test_every_answer_carries_the_policy_and_loads_only_our_own(client, address):
    response = client.get(address)
    assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in response["Content-Security-Policy"]
    assert check(response.content.decode()) == []


def test_the_back_office_gets_its_own_policy_which_still_forbids_other_hosts(client, db):
    assert client.get("/staff/")["Content-Security-Policy"] == STAFF_POLICY
    assert "http" not in STAFF_POLICY
    assert "script-src 'self' 'unsafe-eval';" in STAFF_POLICY


def test_what_a_signed_in_person_sees_is_stored_nowhere(signed_in):
    assert signed_in.get("/bills")["Cache-Control"] == "no-store"


def test_a_signed_out_visitor_is_given_no_session(client, db):
    assert "session" not in client.get("/terms").cookies


def test_the_bar_names_the_operator_and_offers_what_exists(signed_in, settings, monkeypatch):
    monkeypatch.setattr(web, "NAVIGATION", [*web.NAVIGATION, ("/not-there", "Nowhere")])
    page = signed_in.get("/bills").content.decode()
    assert settings.OPERATOR.identity.trade_name in page
    assert '<a href="/bills" aria-current="page">' in page
    assert "/not-there" not in page, "a page that is not there must not be offered"


def test_a_new_page_is_offered_as_soon_as_it_exists(signed_in, monkeypatch):
    patterns = [*get_resolver().url_patterns, path("settings/profile", lambda request: None)]
    monkeypatch.setattr(get_resolver(), "url_patterns", patterns)
    assert "/settings/profile" in signed_in.get("/bills").content.decode()


def test_staff_are_offered_the_back_office_and_customers_are_not(client, db):
    client.force_login(make_user(is_staff=True))
    assert reverse("admin:index") in client.get("/terms").content.decode()
    client.force_login(make_member())
    assert reverse("admin:index") not in client.get("/terms").content.decode()


def test_a_trial_says_that_nothing_is_owed(client, db, settings):
    said = "nothing shown here is owed"
    assert said not in client.get("/terms").content.decode()
    service = settings.OPERATOR.service.model_copy(update={"trial": True})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"service": service})
    assert said in client.get("/terms").content.decode()


@pytest.mark.parametrize(("language", "title"), [("en", "There is nothing here"), ("fr", "Il n’y a rien ici")])
def test_a_missing_page_says_so_in_the_readers_language(client, db, language, title):
    client.cookies["language"] = language
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert title in response.content.decode()
    assert f'<html lang="{language}">' in response.content.decode()


@pytest.mark.parametrize(("view", "status"), [(errors.bad_request, 400), (errors.forbidden, 403)])
def test_refusals_have_pages(db, view, status):
    request = RequestFactory().get("/")
    assert view(request, Exception()).status_code == status


def test_the_last_page_of_all_needs_nothing(client, db, monkeypatch):
    """Neither the database nor the session nor the operator's file: whatever broke, this page comes."""

    def fall(request):
        raise RuntimeError("everything is broken")

    patterns = [path("boom", fall), *get_resolver().url_patterns]
    monkeypatch.setattr(get_resolver(), "url_patterns", patterns)
    response = Client(raise_request_exception=False).get("/boom")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "everything is broken" not in response.content.decode()


def test_a_form_without_its_token_is_refused_with_a_page(db):
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x", "password": "y"})
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()
