"""Every route as a signed-out person, a stranger, the three kinds of member, and staff."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, path

from bonafide.accounts.models import User
from tests.factories.accounts import enter, make_account, make_app, make_member, make_user
from tests.factories.billing import make_invoice
from tests.factories.terms import publish_terms
from tests.web.access import ACTORS, ROWS, World

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
OUTCOMES = {200: "open", 400: "refused", 401: "no-key", 403: "closed", 404: "none", 405: "post", 503: "later"}
STAFF = "staff/"


def routes(patterns: list[object], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        whole = prefix + str(pattern.pattern)  # type: ignore[attr-defined]
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, whole)
        else:
            yield whole


def without_a_row() -> set[str]:
    return {route for route in routes(get_resolver().url_patterns) if not route.startswith(STAFF)} - {row.route for row in ROWS}


def outcome(response: HttpResponse) -> str:
    if response.status_code in (301, 302):
        return "sign-in" if response["Location"].startswith("/account/login/") else "away"
    return OUTCOMES.get(response.status_code, str(response.status_code))


@pytest.fixture
def world() -> World:
    publish_terms()
    account = make_account()
    member = make_member(account=account).memberships.get()
    return World(account=account, invoice=make_invoice(account=account), member=member)


@pytest.fixture
def people(world: World) -> dict[str, User | None]:
    return {
        "signed_out": None,
        "stranger": make_member(password=PASSWORD),
        "viewer": make_member(account=world.account, role="viewer", password=PASSWORD),
        "billing": make_member(account=world.account, role="billing", password=PASSWORD),
        "owner": make_member(account=world.account, role="owner", password=PASSWORD),
        "staff": make_user(is_staff=True, is_superuser=True, password=PASSWORD),
    }


def as_person(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        enter(client, user)
    return client


def test_every_route_has_its_row():
    assert without_a_row() == set(), "add a row to tests/web/access.py"


def test_every_row_has_its_route():
    assert {row.route for row in ROWS} - set(routes(get_resolver().url_patterns)) == set()


def test_a_route_without_a_row_is_found(monkeypatch):
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, path("secret", lambda request: None)])
    assert without_a_row() == {"secret"}


def test_everybody_gets_from_each_route_what_the_table_says(world, people):
    wrong = []
    for row in ROWS:
        for actor, expected in zip(ACTORS, row.outcomes, strict=True):
            got = outcome(as_person(people[actor]).get(row.address(world)))
            if got != expected:
                wrong.append(f"{row.route!r} as {actor}: {got} instead of {expected}")
    assert wrong == []


def test_the_back_office_is_for_staff_alone(people):
    """Each of its routes, its own log-in page included, sends a signed-out person to ours and turns everybody else away."""
    wrong = []
    for address in back_office():
        for actor in ACTORS[:-1]:
            response = as_person(people[actor]).get(address, follow=True)
            at_sign_in = response.request["PATH_INFO"] == "/account/login/"
            if not (at_sign_in if actor == "signed_out" else outcome(response) in ("closed", "none")):
                wrong.append(f"{address} as {actor}: {response.request['PATH_INFO']} {outcome(response)}")
    assert wrong == []
    assert outcome(as_person(people["staff"]).get("/staff/")) == "open"


def back_office() -> Iterator[str]:
    """An address of each of its routes."""
    for route in routes(get_resolver().url_patterns):
        if route.startswith(STAFF):
            filled = re.sub(r"<[^>]+>", "1", re.sub(r"\(\?P<\w+>([^|)]+)[^)]*\)", r"\1", route))
            yield "/" + filled.replace("^", "").replace("$", "").replace(".*", "nothing")


@pytest.mark.parametrize("method", ["get", "post"])
def test_asvs_6_3_3_staff_without_a_second_factor_reach_nothing_of_the_back_office(people, method):
    """Neither without one, nor with one that this session has not shown; each route of it, whatever is sent to it."""
    staff = people["staff"]
    client = Client()
    client.force_login(staff)
    assert {getattr(client, method)(address).headers.get("Location") for address in back_office()} == {"/settings/security"}
    assert "a password alone is not enough" in client.get("/settings/security").content.decode()
    make_app(staff)
    led = {getattr(client, method)(address).headers["Location"].partition("?")[0] for address in back_office()}
    assert led == {"/account/confirm/code/"}
    assert outcome(as_person(staff).get("/staff/")) == "open"


def test_the_admins_own_log_in_page_does_not_exist(people):
    response = as_person(None).post("/staff/login/", {"username": people["staff"].username, "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")
