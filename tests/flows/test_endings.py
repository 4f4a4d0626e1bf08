"""Each way in which a session ends, on a served console with two web workers, over HTTP: the old cookie is tried on both.

Every test keeps one connection to each worker open from before the ending until after it: what a worker might have kept in memory
about the session would show.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fakes.console import Console, serving
from tests.fakes.http import Caller, sign_in
from tests.fakes.smtp_sink import SmtpSink

WORKERS = 2
REPLAYS = 5
PASSWORD = "four plain unrelated words"
NEW = "another set of plain words"
PEOPLE = 24  # made at once: each start of Python over the instance takes seconds

MAKE = """
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from tests.factories.accounts import make_account, make_member
hashed = make_password("{password}")
for n in range({people}):
    user = make_member(account=make_account(reference=f"R-vega{{n}}"), username=f"vega{{n}}", email=f"vega{{n}}@example.com")
    user.password = hashed
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
ABOUT = """
from datetime import timedelta
from django.utils import timezone
from bonafide.accounts.close import close_account
from bonafide.accounts.models import Account, User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session
from bonafide.sign_in.changes import changed
from bonafide.sign_in.models import Event
now, user = timezone.now(), User.objects.get(username="{name}")
mine = Session.objects.filter(user=user, ended_at=None)
"""
# What happens, in the console's own words, and the reason that history keeps.
OUTSIDE = {
    "ended-by-user": "print(end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now))",
    "ended-by-staff": "print(end_sessions(user=user, reason=Reason.ENDED_BY_STAFF, now=now))",
    "email-changed": "print(changed(request=None, user=user, event=Event.EMAIL_CHANGED, now=now))",
    "factor-changed": "print(changed(request=None, user=user, event=Event.APP_ADDED, now=now))",
    "account-closed": "print(close_account(account=Account.objects.get(reference='R-{name}'), now=now).sessions)",
    "expired idle": "print(mine.update(created_at=now - timedelta(days=8), last_seen_at=now - timedelta(days=7, minutes=1)))",
    "expired absolute": "print(mine.update(created_at=now - timedelta(days=30, minutes=1)))",
    "password-changed elsewhere": "user.set_password('{new}'); user.save(); print(mine.count())",
    "deactivated": "User.objects.filter(pk=user.pk).update(is_active=False); print(mine.count())",
    "ended-by-staff, made staff": "User.objects.filter(pk=user.pk).update(is_staff=True); print(mine.count())",
}
UNDO = """
User.objects.filter(pk=user.pk).update(is_active=True, is_staff=False)
Account.objects.update(closed_at=None)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One console for all of this module; every test has a person of its own on it."""
    sink = SmtpSink()
    sink.start()
    with serving(
        tmp_path_factory.mktemp("endings") / "instance",
        smtp_port=sink.port,
        options=("--workers", str(WORKERS)),
        settings="tests.fakes.named_workers",
    ) as console:
        console.instance.python(MAKE.format(password=PASSWORD, people=PEOPLE))
        yield console
    sink.stop()


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    Caller.close_all()


@dataclass
class Person:
    name: str
    console: Console

    def sign_in(self) -> Caller:
        return sign_in(self.console.port, self.name, PASSWORD)

    def python(self, code: str) -> str:
        return self.console.instance.python((ABOUT + code).format(name=self.name, new=NEW)).strip()

    def reasons(self, after: str = "") -> list[str]:
        """Why their sessions ended, in the order in which they began; ``-`` while they have not."""
        return self.python(f"print(*[s.end_reason or '-' for s in user.sessions.order_by('created_at')])\n{after}").split()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"vega{n}" for n in range(PEOPLE))


@pytest.fixture
def person(console: Console, names: Iterator[str]) -> Person:
    return Person(next(names), console)


class Replay:
    """The cookie as a thief would keep it, over one open connection to each worker."""

    def __init__(self, console: Console, stolen: Caller) -> None:
        self.cookies = dict(stolen.cookies)
        self.callers: dict[str, Caller] = {}
        for _ in range(200):
            caller = Caller(console.port)
            worker = caller.get("/terms").worker
            self.callers.setdefault(worker, caller)
            if len(self.callers) == WORKERS:
                return
        raise AssertionError(f"only {len(self.callers)} of {WORKERS} workers ever answered")

    def answers(self, path: str = "/bills") -> dict[str, set[str]]:
        """What each worker says to the old cookie, asked again and again: in, or out."""
        said: dict[str, set[str]] = {worker: set() for worker in self.callers}
        for _, (worker, caller) in itertools.product(range(REPLAYS), self.callers.items()):
            caller.cookies = dict(self.cookies)
            answer = caller.get(path)
            assert answer.worker == worker, "the connection stayed with its worker"
            said[worker].add("out" if answer.asks_to_sign_in else "in" if answer.status == 200 else str(answer.status))
            caller.cookies = dict(self.cookies)
            sent = caller.post("/accounts/switch", account="nobody's")  # 404 to whoever is signed in
            said[worker].add("out" if sent.asks_to_sign_in else "in" if sent.status == 404 else str(sent.status))
        return said

    def is_alive(self) -> bool:
        return list(self.answers().values()) == [{"in"}] * WORKERS

    def is_dead(self) -> bool:
        return list(self.answers().values()) == [{"out"}] * WORKERS


def test_signed_out(console: Console, person: Person) -> None:
    browser = person.sign_in()
    replay = Replay(console, browser)
    assert replay.is_alive()
    browser.post("/account/logout/")
    assert replay.is_dead()
    assert person.reasons() == ["signed-out"]


def test_password_changed_in_another_browser_which_stays_and_has_a_new_cookie(console: Console, person: Person) -> None:
    browser, other = person.sign_in(), person.sign_in()
    replays = [Replay(console, browser), Replay(console, other)]
    assert all(replay.is_alive() for replay in replays)
    answer = other.post("/account/password/change/", oldpassword=PASSWORD, password1=NEW, password2=NEW)
    assert answer.status == 302, answer.body
    assert all(replay.is_dead() for replay in replays), "the other browser's old cookie too"
    assert Replay(console, other).is_alive()
    assert person.reasons() == ["password-changed", "-"]


@pytest.mark.parametrize("what", OUTSIDE)
def test_ended_from_outside(console: Console, person: Person, what: str) -> None:
    browsers = [person.sign_in(), person.sign_in()]
    replays = [Replay(console, browser) for browser in browsers]
    assert all(replay.is_alive() for replay in replays)
    assert person.python(OUTSIDE[what]) == "2"
    assert all(replay.is_dead() for replay in replays)
    reason = what.partition(" ")[0].rstrip(",")
    assert person.reasons(UNDO) == [reason, reason]
    assert all(replay.is_dead() for replay in replays), "undoing what ended them revives nothing"


def test_confirming_ones_identity_gives_a_new_cookie_and_the_old_one_is_dead_asvs_7_2_4(console: Console, person: Person) -> None:
    browser = person.sign_in()
    replay = Replay(console, browser)
    answer = browser.post("/account/confirm/", password=PASSWORD, next="/bills")
    assert (answer.status, answer.location) == (302, "/bills"), answer.body
    assert browser.cookies["session"] != replay.cookies["session"]
    assert replay.is_dead()
    assert Replay(console, browser).is_alive()
    assert person.reasons() == ["-"], "it is the same session still"


def test_a_session_that_did_not_end_would_be_seen(console: Console, person: Person) -> None:
    browser, other = person.sign_in(), person.sign_in()
    replays = [Replay(console, browser), Replay(console, other)]
    other.post("/account/logout/")
    assert replays[0].is_alive()
    assert replays[1].is_dead()


# --- Odd requests, over HTTP ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cookie", "session=" + "a" * 100_000),
        ("Cookie", "session=\xff\xfe\x80"),
        ("Cookie", 'session="\\000\\377"; session=; =;;;'),
        ("User-Agent", "A" * 200_000),
        ("User-Agent", "Firefox/\xff\xfe"),
        ("X-Forwarded-For", "1.2.3.4," * 20_000),
        ("X-Forwarded-For", "\xff, [::1%"),
    ],
)
def test_odd_headers_get_a_plain_answer(console: Console, name: str, value: str) -> None:
    caller = Caller(console.port, headers={name: value})
    answer = caller.get("/account/login/")
    assert answer.status in (200, 400, 413, 431), "served, or refused by the server before we see it"
    assert Caller(console.port).get("/account/login/").status == 200


@pytest.mark.parametrize("forged", ["203.0.113.9", "203.0.113.9, 198.51.100.7", "nonsense"])
def test_a_forged_address_is_not_believed(console: Console, person: Person, forged: str) -> None:
    caller = Caller(console.port, headers={"X-Forwarded-For": forged})
    caller.post("/account/login/", login=person.name, password=PASSWORD)
    assert person.python("print(mine.get().address)") in ("127.0.0.1", "::1")
    assert "203.0.113.9" not in console.said
