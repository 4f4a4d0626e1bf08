"""A person's own sessions and sign-ins, read and ended by their browser and by programs of theirs."""

import json
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bonafide.accounts.api_keys import make_key
from bonafide.sessions import end_own
from bonafide.sessions.models import Session
from bonafide.sessions.store import key_hash
from tests.accounts.confirmed import confirm
from tests.factories.accounts import make_account, make_member
from tests.factories.history import make_row, make_rows, make_sign_ins

pytestmark = pytest.mark.django_db
SESSIONS, SIGN_INS = "/api/v1/me/sessions", "/api/v1/me/sign-ins"


@pytest.fixture
def person():
    return make_member()


def browser_of(user, *, confirmed=True, **options):
    client = Client(**options)
    client.force_login(user)
    return confirm(client, user) if confirmed else client


def program_of(user, scopes=("sessions",)):
    account = user.memberships.get().account if user else None
    _key, text = make_key(account=account, name="agent", scopes=scopes, expires_at=None, now=datetime.now(UTC), made_by=user)
    return Client(headers={"Authorization": f"Bearer {text}"})


def id_of(client):
    return Session.objects.get(key_hash=key_hash(client.cookies["session"].value)).pk


def is_in(client):
    return client.get("/usage").status_code == 200


def said(response):
    return response.status_code, response.json()["error"]


# --- Reading --------------------------------------------------------------------------------------------------------------
def test_a_browser_reads_where_its_person_is_signed_in(person):
    browser = browser_of(person)
    other = make_row(person, now=datetime.now(UTC), how="password+totp")
    make_row(make_member(), now=datetime.now(UTC))
    mine, listed = browser.get(SESSIONS).json()
    assert (mine["id"], mine["current"]) == (str(id_of(browser)), True)
    instants = [listed.pop(name) for name in ("signed_in_at", "last_seen_at")]
    assert [datetime.fromisoformat(at).replace(microsecond=0) for at in instants] == [
        at.replace(microsecond=0) for at in (other.created_at, other.last_seen_at)
    ]
    assert listed == {
        "id": str(other.pk),
        "current": False,
        "client": "Firefox 145 on Linux",
        "browser": "Firefox 145",
        "system": "Linux",
        "how": ["password", "totp"],
        "address": "192.0.2.17",
        "ended_at": None,
        "end_reason": "",
    }


def test_a_key_reads_its_makers_sessions_and_nobody_elses(person):
    row = make_row(person, now=datetime.now(UTC))
    make_row(make_member(account=person.memberships.get().account), now=datetime.now(UTC))
    [listed] = program_of(person).get(SESSIONS).json()
    assert (listed["id"], listed["current"]) == (str(row.pk), False)


def test_ended_sessions_are_read_with_their_reason(person):
    now = datetime.now(UTC)
    make_row(person, now=now, ended_at=now, end_reason="password-changed", address=None)
    browser = browser_of(person)
    [listed] = browser.get(f"{SESSIONS}?ended=true").json()
    assert (listed["end_reason"], listed["address"]) == ("password-changed", None)
    assert len(browser.get(SESSIONS).json()) == 1


def test_sign_ins_are_read_failures_included(person):
    make_sign_ins(person, 1, now=datetime.now(UTC), outcome="wrong-password")
    make_sign_ins(make_member(), 1, now=datetime.now(UTC))
    for caller in (browser_of(person), program_of(person)):
        [listed] = caller.get(SIGN_INS).json()
        assert (listed["outcome"], listed["how"], listed["address"]) == ("wrong-password", ["password"], "192.0.2.17")


@pytest.mark.parametrize("address", [SESSIONS, SIGN_INS])
def test_long_lists_come_in_parts_by_as_many_queries(person, address):
    now, program = datetime.now(UTC), program_of(person)
    program.get(address)
    counts = []
    for number in (2, 998):
        make_rows(person, number, now=now)
        make_sign_ins(person, number, now=now)
        with CaptureQueriesContext(connection) as queries:
            assert len(program.get(f"{address}?limit=500").json()) == min(number, 500)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(program.get(f"{address}?limit=500&offset=900").json()) == 100
    assert program.get(f"{address}?limit=501").status_code == 400


def test_neither_a_hash_nor_a_cookie_is_in_any_answer(person):
    browser = browser_of(person)
    row = make_row(person, now=datetime.now(UTC))
    text = browser.get(SESSIONS).content.decode() + browser.delete(f"{SESSIONS}/{row.pk}").content.decode()
    assert row.key_hash not in text
    assert browser.session.session_key not in text


# --- Ending ---------------------------------------------------------------------------------------------------------------
def test_a_browser_ends_all_others_and_gets_the_receipt(person):
    mine, others = browser_of(person), [browser_of(person) for _ in range(2)]
    receipt = mine.delete(SESSIONS)
    assert receipt.status_code == 200
    assert {name: receipt.json()[name] for name in ("ended", "tried", "refused")} == {"ended": 2, "tried": 2, "refused": 2}
    assert datetime.fromisoformat(receipt.json()["at"]).tzinfo
    assert is_in(mine)
    assert not any(map(is_in, others))


def test_a_key_ends_every_session_of_its_maker(person):
    browsers, stranger = [browser_of(person) for _ in range(2)], browser_of(make_member())
    assert program_of(person).delete(SESSIONS).json()["ended"] == 2
    assert not any(map(is_in, browsers))
    assert is_in(stranger)


def test_a_key_is_not_mistaken_for_the_browser_whose_cookie_comes_along(person):
    browser = browser_of(person)
    program = program_of(person)
    program.cookies = browser.cookies
    assert program.delete(SESSIONS).json()["ended"] == 1
    assert not is_in(browser)


@pytest.mark.parametrize("caller_of", [browser_of, program_of])
def test_one_is_ended_by_its_id_and_a_second_time_changes_nothing(person, caller_of):
    caller, lost = caller_of(person), browser_of(person)
    address = f"{SESSIONS}/{id_of(lost)}"
    assert caller.delete(address).json()["ended"] == 1
    again = caller.delete(address).json()
    assert (again["ended"], again["tried"], again["refused"]) == (0, 1, 1)
    assert not is_in(lost)


def test_a_browser_may_end_its_own(person):
    mine = browser_of(person)
    assert mine.delete(f"{SESSIONS}/{id_of(mine)}").json()["refused"] == 1
    assert not is_in(mine)


@pytest.mark.parametrize("caller_of", [browser_of, program_of])
def test_what_is_not_ones_own_does_not_exist(person, caller_of):
    stranger = browser_of(make_member(account=person.memberships.get().account))
    for pk in (id_of(stranger), UUID(int=7)):
        assert said(caller_of(person).delete(f"{SESSIONS}/{pk}")) == (404, f"you have no session {pk}")
    status, line = said(caller_of(person).delete(f"{SESSIONS}/7"))
    assert (status, line[:32]) == (400, "id: Input should be a valid UUID")
    assert is_in(stranger)


@pytest.mark.parametrize("caller_of", [browser_of, program_of])
def test_an_ending_that_does_nothing_is_not_reported_as_done(person, caller_of, monkeypatch):
    caller, lost = caller_of(person), browser_of(person)
    monkeypatch.setattr(end_own, "end_sessions", lambda **arguments: 1)
    receipt = caller.delete(f"{SESSIONS}/{id_of(lost)}")
    assert receipt.status_code == 409
    assert (receipt.json()["tried"], receipt.json()["refused"]) == (1, 0)


# --- Who may not ----------------------------------------------------------------------------------------------------------
def test_without_a_key_and_signed_out_nothing_is_told(person):
    for method, address in (("get", SESSIONS), ("get", SIGN_INS), ("delete", SESSIONS), ("delete", f"{SESSIONS}/{UUID(int=7)}")):
        assert getattr(Client(), method)(address).status_code == 401


@pytest.mark.parametrize("password", ["four plain unrelated words", None], ids=["by password", "by a provider alone"])
def test_a_browser_that_has_not_confirmed_who_it_is_ends_nothing_and_reads_where_to_asvs_7_5_2(person, settings, password):
    person.set_password(password)
    person.save()
    browser, lost = browser_of(person, confirmed=False), browser_of(person)
    for address in (SESSIONS, f"{SESSIONS}/{id_of(lost)}"):
        status, line = said(browser.delete(address))
        assert status == 403
        assert f"confirm that it is you at {settings.OPERATOR.service.console_url}/account/confirm/" in line
    assert is_in(lost)
    assert browser.get(SESSIONS).status_code == 200


def test_another_sites_form_ends_nothing(person):
    browser, lost = browser_of(person, enforce_csrf_checks=True), browser_of(person)
    assert said(browser.delete(SESSIONS)) == (403, "the form token is missing or wrong: send it in the header 'X-CSRFToken'")
    assert is_in(lost)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/settings/sessions").content.decode())[1]
    assert browser.delete(SESSIONS, headers={"X-CSRFToken": token}).json()["ended"] == 1


def test_a_key_opens_nothing_without_the_scope_or_without_its_maker(person):
    for scopes in (["usage:read"], ["bills:read", "usage:write"]):
        assert program_of(person, scopes).get(SESSIONS).status_code == 403
    _key, text = make_key(account=make_account(), name="x", scopes=["sessions"], expires_at=None, now=datetime.now(UTC))
    assert Client(headers={"Authorization": f"Bearer {text}"}).get(SESSIONS).status_code == 401
    assert program_of(None).get(SESSIONS).status_code == 401
    program = program_of(person)
    person.is_active = False
    person.save()
    assert program.get(SESSIONS).status_code == 401
    assert program.delete(SESSIONS).status_code == 401


def test_a_bad_key_is_not_saved_by_a_good_cookie(person):
    browser = browser_of(person)
    assert browser.delete(SESSIONS, headers={"Authorization": "Bearer bf_nonsense"}).status_code == 401


def test_a_key_for_sessions_opens_no_bills(person):
    assert program_of(person).get("/api/v1/bills").status_code == 403


def test_the_description_names_both_ways_in_and_every_answer():
    described = json.loads(Client().get("/api/v1/openapi.json").content)
    ending = described["paths"]["/api/v1/me/sessions/{id}"]["delete"]
    assert set(ending["responses"]) == {"200", "400", "401", "403", "404", "409"}
    schemes = [described["components"]["securitySchemes"][name] for way in ending["security"] for name in way]
    assert [(scheme["type"], scheme.get("in")) for scheme in schemes] == [("http", None), ("apiKey", "cookie")]
    assert set(described["paths"]["/api/v1/me/sessions"]) == {"get", "delete"}
