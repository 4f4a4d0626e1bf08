"""What a signed-in person sends changes nothing once their session has ended, and all or nothing before that."""

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver, path
from django.utils import timezone

from bonafide.accounts.models import User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.hold import SessionEnded, hold
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import SessionStore
from tests.factories.accounts import make_member
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_member(password="four plain unrelated words")


@pytest.fixture
def here(client, user):
    client.force_login(user)
    client.raise_request_exception = False
    return client


@pytest.fixture
def route(monkeypatch):
    """Put a view at ``/probe``."""

    def put(view):
        monkeypatch.setattr(get_resolver(), "url_patterns", [path("probe", view), *get_resolver().url_patterns])

    return put


def under_way(session, user):
    """A request that has read its session and its person, and has written nothing yet."""
    request = RequestFactory().post("/")
    request.session = SessionStore(session.session_key)
    request.session.load()
    request.user = User.objects.get(pk=user.pk)
    return request


def test_a_live_session_is_held_and_its_person_read_afresh(user):
    request = under_way(make_session(user), user)
    User.objects.filter(pk=user.pk).update(language="fr")
    with transaction.atomic():
        hold(request)
    assert request.user.language == "fr"


def change_password(user, session):
    user.set_password("another set of plain words")
    user.save()


def close_login(user, session):
    User.objects.filter(pk=user.pk).update(is_active=False)


def end(user, session):
    end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=timezone.now())


def cycle(user, session):
    other = SessionStore(session.session_key)
    other.load()
    other.cycle_key()


def delete(user, session):
    user.memberships.all().delete()
    user.delete()


@pytest.mark.parametrize("what", [end, cycle, change_password, close_login, delete], ids=lambda what: what.__name__)
def test_what_ended_the_session_meanwhile_refuses_the_write(user, what):
    session = make_session(user)
    request = under_way(session, user)
    what(user, session)
    with pytest.raises(SessionEnded), transaction.atomic():
        hold(request)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_every_request_that_may_write_is_held_and_one_that_looks_is_not(here, user, route, method):
    seen = []

    def view(request):
        seen.append(transaction.get_connection().in_atomic_block and len(transaction.get_connection().savepoint_ids))
        return HttpResponse()

    route(view)
    here.get("/probe")
    getattr(here, method)("/probe")
    assert seen[1] == seen[0] + 1


def test_a_failing_request_leaves_nothing_half_done(here, user, route):
    def view(request):
        User.objects.filter(pk=user.pk).update(language="fr")
        request.session.cycle_key()
        raise RuntimeError

    route(view)
    assert here.post("/probe").status_code == 500
    user.refresh_from_db()
    assert user.language == ""
    assert here.get("/bills").status_code == 200, "the browser's cookie is still the good one"


def test_a_refusal_leaves_the_page_and_writes_what_it_wrote(here, user, route):
    def view(request):
        User.objects.filter(pk=user.pk).update(language="fr")
        return HttpResponse(status=429)

    route(view)
    here.post("/probe")
    user.refresh_from_db()
    assert user.language == "fr", "a refused attempt is still counted and kept"


def test_a_request_whose_session_ended_on_the_way_gets_the_sign_in_page_and_does_nothing(here, user, route, monkeypatch):
    """The ending falls between the reading of the session and the write."""
    ran = []
    route(lambda request: ran.append(request) or HttpResponse())
    from bonafide.sessions import middleware

    def late(request):
        end(user, None)
        hold(request)

    monkeypatch.setattr(middleware, "hold", late)
    answer = here.post("/probe")
    assert answer.url == "/account/login/"
    assert ran == []


def test_without_the_hold_it_would_have_been_done(here, user, route, monkeypatch):
    ran = []
    route(lambda request: ran.append(request) or HttpResponse())
    from bonafide.sessions import middleware

    monkeypatch.setattr(middleware, "hold", lambda request: end(user, None))
    here.post("/probe")
    assert len(ran) == 1


def test_a_view_that_finds_its_own_session_ended_answers_with_the_sign_in_page(here, user, route):
    def view(request):
        Session.objects.filter(user=user).update(ended_at=timezone.now(), end_reason=Reason.ENDED_BY_STAFF, data="")
        request.session.cycle_key()

    route(view)
    assert here.get("/probe").url == "/account/login/"


def test_a_visitor_is_not_held(route):
    route(lambda request: HttpResponse())
    assert Client().post("/probe").status_code == 200
