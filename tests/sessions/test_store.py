"""The session engine: what a request reads, writes and ends, and what it can no longer do once its session has ended."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY, login
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError, OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.sessions.client import Client as Where
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import SessionStore, key_hash
from tests.factories.accounts import make_member, make_user
from tests.factories.sessions import CLIENT, long_ago, make_session, row_of

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"


@pytest.fixture
def user():
    return make_member(password=PASSWORD)


def opened(session):
    """The same cookie in another request."""
    return SessionStore(session.session_key, client=CLIENT)


def request_with(session):
    request = RequestFactory().get("/")
    request.session = session
    return request


# --- What is kept ---------------------------------------------------------------------------------------------------------
def test_the_key_is_kept_as_a_hash_alone_and_has_more_than_128_random_bits_asvs_7_2_3(user):
    keys = {make_session(user).session_key for _ in range(50)}
    assert len(keys) == 50
    assert all(len(key) == 32 and set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789") for key in keys)
    assert 36**32 > 2**128
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM console_sessions_session")
        kept = str(cursor.fetchall())
    assert [key for key in keys if key in kept] == []


def test_a_row_says_from_where_and_how_somebody_signed_in(user):
    session = make_session(user)
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa", "type": "totp"}]
    session.save()
    row = row_of(session)
    assert (row.user, row.staff, row.how) == (user, False, "password+totp")
    assert (row.address, row.browser, row.system) == ("192.0.2.7", "Firefox 145", "Windows")
    assert row.address_seen_at is not None


def test_a_visitor_who_stores_nothing_has_no_row(client):
    for address in ("/", "/terms", "/account/login/"):
        client.get(address)
    client.post("/account/login/", {"login": "nobody", "password": "wrong"})
    assert Session.objects.count() == 0


def test_a_visitors_row_holds_no_address_and_goes_when_it_ends():
    session = SessionStore(client=CLIENT)
    session["basket"] = 1
    session.save()
    assert row_of(session).address is None
    session.flush()
    assert Session.objects.count() == 0
    with pytest.raises(IntegrityError):
        Session.objects.create(
            key_hash="x", created_at=timezone.now(), last_seen_at=timezone.now(), ended_at=timezone.now(), end_reason="expired"
        )


# --- What comes as a cookie -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cookie",
    ["", "x", "é" * 32, "a" * 31 + "\0", "a" * 31 + "\ud800", "A" * 32, "a" * 33, "a" * 100_000, "a" * 31 + "\n", "a" * 32],
)
def test_a_cookie_of_garbage_is_just_signed_out(client, cookie):
    store = SessionStore(cookie)
    assert store.get(SESSION_KEY) is None
    assert store.session_key is None
    client.cookies["session"] = cookie.replace("\ud800", "?")
    assert client.get("/terms").status_code == 200
    assert client.get("/bills").url.startswith("/account/login/")


def test_what_cannot_be_one_of_our_keys_is_not_even_looked_up(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert SessionStore("a" * 100_000).get("x") is None


def test_a_key_that_a_visitor_brings_is_never_taken_over_asvs_7_2_4(client, user):
    client.cookies["session"] = planted = "a" * 32
    client.post("/account/login/", {"login": user.username, "password": PASSWORD})
    client.force_login(user)
    assert client.cookies["session"].value != planted
    assert not Session.objects.filter(key_hash=key_hash(planted)).exists()


def test_signing_in_gives_a_new_key_and_the_visitors_one_is_dead_asvs_7_2_4(user):
    visitor = SessionStore(client=CLIENT)
    visitor["basket"] = 1
    visitor.save()
    before, request = visitor.session_key, request_with(opened(visitor))
    login(request, user)
    request.session.save()
    assert request.session["basket"] == 1
    assert request.session.session_key != before
    assert SessionStore(before).get("basket") is None
    assert Session.objects.count() == 1


# --- Endings --------------------------------------------------------------------------------------------------------------
def test_signing_out_keeps_the_row_as_history_without_data(user):
    session = make_session(user)
    opened(session).flush()
    row = row_of(session)
    assert (row.end_reason, row.data, row.user) == (Reason.SIGNED_OUT, "", user)
    assert row.ended_at is not None
    assert opened(session).get(SESSION_KEY) is None


def test_a_password_that_no_longer_fits_is_noted_as_the_reason(client, user):
    client.force_login(user)
    row = row_of(client.cookies["session"].value)
    user.set_password("another set of plain words")
    user.save()
    assert client.get("/bills").url.startswith("/account/login/")
    row.refresh_from_db()
    assert row.end_reason == Reason.PASSWORD_CHANGED


def test_somebody_else_signing_in_gets_a_row_of_their_own_with_their_own_limits(user):
    chief = make_user(is_staff=True, password=PASSWORD)
    session = make_session(user)
    request = request_with(opened(session))
    login(request, chief)
    request.session.save()
    row = row_of(request.session)
    assert (row.user, row.staff, row.address) == (chief, True, "192.0.2.7")
    assert row_of(session).end_reason == Reason.REPLACED


def test_a_login_closed_by_other_means_ends_its_sessions_at_their_next_request(client, user):
    client.force_login(user)
    row = row_of(client.cookies["session"].value)
    type(user).objects.update(is_active=False)
    assert client.get("/bills").url.startswith("/account/login/")
    type(user).objects.update(is_active=True)
    assert client.get("/bills").url.startswith("/account/login/"), "opening the login again revives nothing"
    row.refresh_from_db()
    assert row.end_reason == Reason.DEACTIVATED


def test_becoming_staff_by_other_means_ends_sessions_that_began_under_customers_limits(client, user):
    client.force_login(user)
    type(user).objects.update(is_staff=True)
    assert client.get("/staff/").url.startswith("/account/login/")
    assert client.get("/bills").url.startswith("/account/login/")


def test_data_that_cannot_be_read_end_the_session_and_lend_its_row_to_nobody(user):
    session = make_session(user, data="nonsense")
    other = make_user(password=PASSWORD)
    request = request_with(opened(session))
    login(request, other)
    request.session.save()
    assert row_of(session).end_reason == Reason.EXPIRED
    assert row_of(session).user == user
    assert row_of(request.session).user == other


def test_a_new_secret_key_with_the_old_one_beside_it_signs_nobody_out_and_revives_nobody(client, user, settings, monkeypatch):
    client.force_login(user)
    before = client.cookies["session"].value
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert client.get("/bills").status_code == 200
    assert client.cookies["session"].value != before
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a third" * 10, [settings.SECRET_KEY]
    row = row_of(client.cookies["session"].value)
    load = SessionStore.load

    def ended_after_it_was_read(store):
        data = load(store)
        Session.objects.filter(pk=row.pk).update(ended_at=timezone.now(), end_reason=Reason.ENDED_BY_USER, data="")
        return data

    monkeypatch.setattr(SessionStore, "load", ended_after_it_was_read)
    assert client.get("/bills").url == "/account/login/"
    assert Session.objects.get().end_reason == Reason.ENDED_BY_USER


# --- A request in flight --------------------------------------------------------------------------------------------------
def ended(session, reason=Reason.ENDED_BY_USER):
    row = row_of(session)
    Session.objects.filter(pk=row.pk).update(ended_at=timezone.now(), end_reason=reason, data="")
    return row


def test_nothing_that_a_request_in_flight_does_revives_an_ended_session(user):
    session = make_session(user, **long_ago(timezone.now(), minutes=30))
    flying = opened(session)
    flying["x"] = 1
    row = ended(session)
    before = Session.objects.values().get(pk=row.pk)
    with pytest.raises(UpdateError):
        flying.save()
    with pytest.raises(SessionInterrupted):
        flying.cycle_key()
    flying.touch()
    flying.delete()
    flying.flush()
    assert Session.objects.values().get(pk=row.pk) == before, "not even the reason changes"


def test_a_request_in_flight_gets_the_sign_in_page(client, user):
    client.force_login(user)
    ended(client.cookies["session"].value)
    assert client.get("/bills").url.startswith("/account/login/")


def test_a_session_keeps_its_row_when_it_gets_another_key(user):
    session = make_session(user)
    before, row = session.session_key, row_of(session)
    flying = opened(session)
    flying.cycle_key()
    assert row_of(flying).pk == row.pk
    assert SessionStore(before).get(SESSION_KEY) is None
    assert opened(flying).get(SESSION_KEY) == str(user.pk)


@pytest.mark.parametrize(
    "changed", [{"is_active": False}, {"password": "x"}, {"reset_required_at": timezone.now()}], ids=lambda c: next(iter(c))
)
def test_who_was_refused_while_signing_in_does_not_come_in(user, changed):
    request = request_with(SessionStore(client=CLIENT))
    login(request, user)
    type(user).objects.filter(pk=user.pk).update(**changed)
    with pytest.raises(SessionInterrupted):
        request.session.save()
    assert not Session.objects.exclude(user=None).exists()


def test_a_person_deleted_while_signing_in_does_not_come_in_and_nothing_runs_for_ever(user):
    session = SessionStore(client=CLIENT)
    session[SESSION_KEY] = str(user.pk)
    user.memberships.all().delete()
    user.delete()
    with pytest.raises(SessionInterrupted):
        session.create()


# --- Last seen ------------------------------------------------------------------------------------------------------------
def test_a_page_reads_the_ledger_once_and_writes_last_seen_every_five_minutes_at_most(client, user):
    began = timezone.now()
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        client.get("/bills")
    assert [query["sql"].split()[0] for query in queries if "console_sessions" in query["sql"]] == ["SELECT"], "as Django's own"
    assert [query["sql"] for query in queries if "UPDATE" in query["sql"]] == []
    with time_machine.travel(began + timedelta(minutes=6), tick=False), CaptureQueriesContext(connection) as queries:
        client.get("/terms", REMOTE_ADDR="198.51.100.9")
    assert len([query for query in queries if "UPDATE" in query["sql"]]) == 1
    row = row_of(client.cookies["session"].value)
    assert row.last_seen_at == began + timedelta(minutes=6)
    assert (row.address, row.address_seen_at) == ("198.51.100.9", row.last_seen_at)


def test_a_request_without_an_address_keeps_the_last_one(user):
    now = timezone.now()
    session = make_session(user, **long_ago(now, minutes=30))
    seen = SessionStore(session.session_key, client=Where(address=None, browser="", system=""))
    seen.load()
    seen.touch()
    assert row_of(session).address == "192.0.2.7"
    assert row_of(session).last_seen_at >= now


def test_a_database_that_is_busy_costs_the_last_seen_not_the_page(client, user, monkeypatch):
    client.force_login(user)
    Session.objects.update(**long_ago(timezone.now(), minutes=30))

    def locked(*_, **__):
        raise OperationalError("database is locked")

    from django.db.models import QuerySet

    monkeypatch.setattr(QuerySet, "update", locked)
    assert client.get("/terms").status_code == 200


# --- Clocks ---------------------------------------------------------------------------------------------------------------
def test_a_clock_that_went_back_breaks_nothing_and_revives_nothing(client, user):
    now = timezone.now()
    client.force_login(user)
    over = make_session(user)
    ended(over)
    with time_machine.travel(now - timedelta(minutes=3), tick=False):
        assert client.get("/terms").status_code == 200
        assert client.post("/language", {"language": "en", "next": "/"}).status_code == 302
        assert client.get("/bills").status_code == 200, "another machine's clock may differ by a little"
        assert opened(over).get(SESSION_KEY) is None
    with time_machine.travel(now - timedelta(days=2), tick=False):
        assert client.get("/bills").url.startswith("/account/login/")
        assert opened(over).get(SESSION_KEY) is None
    assert client.get("/bills").url.startswith("/account/login/"), "ended is ended"
