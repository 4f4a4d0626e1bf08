"""Every route as a signed-out person, a stranger, the three kinds of member, staff, and staff on a visit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import get_resolver, path

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.models import ApiKey
from tests.factories.accounts import make_account, make_app
from tests.factories.billing import OCTOBER_1
from tests.factories.privacy import visiting
from tests.web.access import ACTORS, NOBODYS, ROWS, VISITOR
from tests.web.cast import STAFF, as_actor, as_person, expected, fresh, outcome, routes
from tests.web.conftest import PASSWORD
from tests.web.unsafe import UNSAFE

pytestmark = pytest.mark.django_db
API = "api/"


def without_a_row() -> set[str]:
    return {route for route in routes() if not route.startswith(STAFF)} - {row.route for row in ROWS}


def test_every_route_has_its_row():
    assert without_a_row() == set(), "add a row to tests/web/access.py"


def test_every_row_has_its_route():
    assert {row.route for row in ROWS} - set(routes()) == set()


def test_a_route_without_a_row_is_found(monkeypatch):
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, path("secret", lambda request: None)])
    assert without_a_row() == {"secret"}


def test_asvs_8_2_1_everybody_gets_from_each_route_what_the_table_says(world, people):
    wrong = []
    for row in ROWS:
        address = row.address(world)
        for actor in (*ACTORS, VISITOR):
            got, wanted = outcome(as_actor(actor, people, world).get(address)), expected(row, actor, address)
            if got != wanted:
                wrong.append(f"{row.route!r} as {actor}: {got} instead of {wanted}")
    assert wrong == []


def test_a_route_that_nobody_opened_to_visits_is_closed_to_them(world, monkeypatch):
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, path("secret", print, name="secret")])
    client = Client()
    visiting(client, world.account)
    assert outcome(client.get("/secret")) == "closed"


# --- Objects of others ----------------------------------------------------------------------------------------------------
PARAMETERS = re.compile(r"<\w|\(\?P<")


def test_asvs_8_2_2_nothing_of_another_account_is_there_for_a_stranger(world, people):
    """Every address that names an object, looked at and sent something, by a stranger who has just confirmed who they are."""
    unsafe = {row.route: row for row in UNSAFE}
    wrong = []
    for row in ROWS:
        if not PARAMETERS.search(row.route) or row.route in NOBODYS:
            continue
        sent, client = unsafe.get(row.route), fresh(as_person(people["stranger"]))
        answers = [client.get(row.address(world))]
        if sent:
            answers.append(getattr(client, sent.method)(row.address(world), sent.body(world)))
        got = [outcome(answer) for answer in answers if outcome(answer) != "post"]
        if set(got) != {"none"}:
            wrong.append(f"{row.route!r}: {got}")
    assert wrong == [], "answer 404, or say in NOBODYS why this is nobody's"


def test_what_is_nobodys_is_a_route_with_a_parameter():
    assert {route for route in NOBODYS if not PARAMETERS.search(route)} | (NOBODYS.keys() - {row.route for row in ROWS}) == set()


def test_asvs_8_2_2_a_key_opens_its_own_account_alone(world):
    scopes = [scope.value for scope in ApiKey.Scope]
    owners = (make_account(), world.account, None)
    keys = [make_key(account=of, name="k", scopes=scopes, expires_at=None, now=OCTOBER_1)[1] for of in owners]
    wrong = []
    for row in ROWS:
        if not row.route.startswith(API):
            continue
        answers = [Client().get(row.address(world), headers={"Authorization": f"Bearer {key}"}) for key in keys]
        if [outcome(answer) for answer in answers] != list(row.keys or ()):
            wrong.append(f"{row.route!r}: {[outcome(answer) for answer in answers]}")
        if not row.route.startswith("api/v1/accounts/") and world.account.reference in answers[0].content.decode():
            wrong.append(f"{row.route!r} tells another account's key about this one")
    assert wrong == [], "say in the row's keys what each of the three gets"


# --- The back office ------------------------------------------------------------------------------------------------------
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
    for route in routes():
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
