"""Two at once, with real threads and connections: whatever the order, an ended session stays ended and changes nothing.

The order is set first, by stopping a request in the middle of its view; then it is left to chance, many times over.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, login
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver, path, reverse
from django.utils import timezone

from bonafide.accounts.models import User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import SessionStore
from tests.factories.accounts import make_member
from tests.factories.sessions import CLIENT, long_ago, make_session

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "four plain unrelated words"
TIMES = 40
WAIT = 30


class Thread(threading.Thread):
    """Runs something over a connection of its own; what it raises is raised again by ``done``."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work, self.result, self.error = work, None, None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def done(self) -> Any:
        self.join(WAIT)
        assert not self.is_alive(), "two waited for each other"
        if self.error:
            raise self.error
        return self.result


def together(*works: Callable[[], Any]) -> list[Any]:
    """All at once, each after a random moment."""
    barrier = threading.Barrier(len(works))

    def start(work: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            barrier.wait(WAIT)
            time.sleep(random.random() / 200)
            return work()

        return run

    threads = [Thread(start(work)) for work in works]
    return [thread.done() for thread in threads]


@pytest.fixture
def user():
    cache.clear()
    return make_member(password=PASSWORD)


def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def is_in(client: Client) -> bool:
    return client.get("/bills").status_code == 200


def end(user: User, reason: Reason = Reason.ENDED_BY_USER, **which: Any) -> int:
    return end_sessions(user=user, reason=reason, now=timezone.now(), **which)


class Paused:
    """A view at ``/paused`` that stops in its middle until it is told to go on, with a write before and after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, user: User, work: Callable[[HttpRequest], Any] | None = None) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.user, self.work = user, work
        monkeypatch.setattr(get_resolver(), "url_patterns", [path("paused", self), *get_resolver().url_patterns])

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.session.get("x")
        self.reached.set()
        assert self.go_on.wait(WAIT)
        if self.work:
            self.work(request)
        return HttpResponse("done")


# --- An order that is set -------------------------------------------------------------------------------------------------
def store_something(request: HttpRequest) -> None:
    request.session["x"] = 1


def give_new_key(request: HttpRequest) -> None:
    request.session.cycle_key()


@pytest.mark.parametrize("work", [store_something, give_new_key, None], ids=["stores", "gets a new key", "is touched"])
def test_ended_while_a_look_is_under_way_it_writes_nothing_and_stays_ended(user, monkeypatch, work):
    paused = Paused(monkeypatch, user, work)
    client = browser(user)
    if work is None:
        Session.objects.update(**long_ago(timezone.now(), minutes=30))
    asking = Thread(lambda: client.get("/paused"))
    assert paused.reached.wait(WAIT)
    assert end(user) == 1
    row = Session.objects.values().get()
    paused.go_on.set()
    answer = asking.done()
    assert answer.status_code == 200 if work is None else answer.url == "/account/login/"
    assert Session.objects.values().get() == row
    assert not is_in(client)


def test_ended_while_a_write_is_under_way_the_ending_waits_and_then_holds(user, monkeypatch):
    """The write came first: it is done whole, and the ending follows."""

    def work(request: HttpRequest) -> None:
        User.objects.filter(pk=user.pk).update(language="fr")
        request.session.cycle_key()

    paused = Paused(monkeypatch, user, work)
    client = browser(user)
    asking = Thread(lambda: client.post("/paused"))
    assert paused.reached.wait(WAIT)
    ending = Thread(lambda: end(user))
    ending.join(0.3)
    assert ending.is_alive(), "it waits for the write"
    paused.go_on.set()
    asking.done()
    assert ending.done() == 1
    assert User.objects.get().language == "fr"
    assert not is_in(client)
    assert Session.objects.get().end_reason == Reason.ENDED_BY_USER


def test_a_write_that_waited_for_the_ending_is_refused(user, monkeypatch):
    """The ending came first: the request had read its session before, and finds it ended."""
    from bonafide.sessions import middleware

    reached, go_on, client = threading.Event(), threading.Event(), browser(user)

    def begin() -> Any:
        """The last moment before the transaction: the session and the person are read already."""
        reached.set()
        assert go_on.wait(WAIT)
        return transaction.atomic()

    monkeypatch.setattr(middleware, "transaction", SimpleNamespace(atomic=begin, set_rollback=transaction.set_rollback))
    asking = Thread(lambda: client.post(reverse("choose_language"), {"language": "fr"}))
    assert reached.wait(WAIT)
    assert end(user) == 1
    go_on.set()
    assert asking.done().url == "/account/login/"
    assert User.objects.get().language == "", "nothing was written"


def test_a_sign_in_under_way_while_everything_is_ended_does_not_slip_through(user):
    """It had the right password; then that was replaced and all sessions were ended, of which its own was not one yet."""
    request = RequestFactory().post("/")
    request.session = SessionStore(client=CLIENT)
    login(request, user)
    user.set_password("another set of plain words")
    user.save()
    Thread(lambda: end(user)).done()
    with pytest.raises(SessionInterrupted):
        request.session.save()
    assert not Session.objects.exclude(user=None).filter(ended_at=None).exists()


# --- Left to chance -------------------------------------------------------------------------------------------------------
def test_touching_saving_and_giving_keys_never_revive_what_ends_at_the_same_time(user):
    for _ in range(TIMES):
        session = make_session(user, **long_ago(timezone.now(), minutes=30))
        key = session.session_key

        def touch(key: str = key) -> None:
            store = SessionStore(key, client=CLIENT)
            store.load()
            store.touch()

        def save(key: str = key) -> None:
            store = SessionStore(key)
            store["x"] = random.random()
            with suppress(UpdateError):
                store.save() if store.session_key else None

        def give_key(key: str = key) -> str | None:
            store = SessionStore(key)
            if store.get(SESSION_KEY) is None:
                return None
            with suppress(SessionInterrupted):
                store.cycle_key()
            return store.session_key

        ended, _touched, _saved, newest = together(lambda: end(user), touch, save, give_key)
        assert ended == 1
        row = Session.objects.get(user=user, ended_at__isnull=False)
        assert (row.end_reason, row.data) == (Reason.ENDED_BY_USER, "")
        for cookie in (key, newest or key):
            assert SessionStore(cookie).get(SESSION_KEY) is None
        Session.objects.all().delete()


def test_whoever_signs_in_while_all_is_ended_is_either_ended_or_came_after(user):
    """Each sign-in is wholly before the ending, and ended, or wholly after it: never half."""
    for _ in range(TIMES):
        make_session(user)
        ended, late = together(lambda: end(user), lambda: make_session(user).session_key)
        still_open = Session.objects.filter(user=user, ended_at=None).count()
        assert ended + still_open == 2
        assert (SessionStore(late).get(SESSION_KEY) is not None) == bool(still_open)
        Session.objects.all().delete()


def change_password(client: Client, new: str) -> Callable[[], int]:
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    return lambda: client.post(reverse("account_change_password"), fields).status_code


@pytest.mark.parametrize("browsers", [1, 2], ids=["from one browser", "from two"])
def test_of_two_password_changes_at_once_one_counts_and_one_session_is_left(user, browsers):
    for round_ in range(TIMES // 4):
        cache.clear()
        user.set_password(PASSWORD)
        user.save()
        first = browser(user)
        second = browser(user) if browsers == 2 else Client(raise_request_exception=False)
        if browsers == 1:
            second.cookies["session"] = first.cookies["session"].value
        words = [f"first set of words {round_}", f"second set of words {round_}"]
        assert max(together(change_password(first, words[0]), change_password(second, words[1]))) < 400
        user.refresh_from_db()
        [kept] = [n for n in (0, 1) if user.check_password(words[n])]
        winner, loser = (first, second) if kept == 0 else (second, first)
        assert is_in(winner)
        assert not is_in(loser)
        assert Session.objects.filter(user=user, ended_at=None).count() == 1
        Session.objects.all().delete()


def test_requests_of_all_kinds_while_sessions_end_leave_nothing_open_and_no_error(user):
    for _ in range(TIMES // 4):
        cache.clear()
        all_kinds(user)
        Session.objects.all().delete()


def all_kinds(user: User) -> None:
    clients = [browser(user) for _ in range(3)]
    Session.objects.update(**long_ago(timezone.now(), minutes=30))
    answers = together(
        lambda: end(user),
        lambda: clients[0].get("/bills").status_code,
        lambda: clients[1].post(reverse("choose_language"), {"language": "en"}).status_code,
        lambda: clients[2].post(reverse("account_logout")).status_code,
        lambda: clients[2].get("/bills").status_code,
    )
    assert max(answers[1:]) < 400, "the sign-in page at worst"
    assert not any(is_in(client) for client in clients)
    assert not Session.objects.filter(user=user, ended_at=None).exists()
