"""Every page of the console in a real browser, as everybody who may open it: which cookies, which hosts, what is left behind.

The console runs with an https address, so that its cookies are those of production; browsers take ``Secure`` ones from localhost.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.fakes.leaks import STRANGER

pytestmark = pytest.mark.browser

ROLES = ("signed_out", "stranger", "viewer", "billing", "owner", "staff", "visitor")
# One of each, each role of it with a session; which address each route has in this world, and what may be on its pages.
MAKE = """
import json
from datetime import timedelta
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from bonafide.privacy.begin_visit import begin_visit
from bonafide.privacy.cookies import declared
from bonafide.sessions.store import METHODS
from bonafide.web import headers
from tests.factories.accounts import make_app, make_user
from tests.factories.sessions import make_session, row_of
from tests.web.access import ACTORS, ROWS, VISITOR
from tests.web.cast import expected
from tests.web.conftest import make_people, make_world

def signed_in(user):
    session = make_session(user)
    if user.is_staff:
        shown = make_app(user)
        session[METHODS] = [{"method": "password", "at": 1.0}, {"method": "mfa", "at": 2.0, "id": shown.pk, "type": shown.type}]
        session[METHODS + "_user"] = str(user.pk)
        session.save()
    return session

world = make_world()
keys = {role: signed_in(user).session_key if user else "" for role, user in make_people(world).items()}
guide = make_user(is_staff=True, is_superuser=True)
session = signed_in(guide)
keys["visitor"] = session.session_key
begin_visit(
    staff=guide, session=row_of(session).pk, account=world.account, reason="your message", minutes=60, now=timezone.now()
)
rooms = [reverse("admin:index")]
for model in admin.site._registry:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    rooms.append(reverse(f"{name}_changelist"))
rooms.append(reverse("admin:accounts_account_change", args=[world.account.pk]))
print(json.dumps({
    "keys": keys,
    "pages": [
        (row.address(world), {actor: expected(row, actor, row.address(world)) for actor in (*ACTORS, VISITOR)}) for row in ROWS
    ],
    "rooms": rooms,
    "session": settings.SESSION_COOKIE_NAME,
    "cookies": {cookie.name: cookie.seconds for cookie in declared()},
    "policy": headers.CONTENT_SECURITY_POLICY,
    "staff_policy": headers.STAFF_POLICY,
}))
"""
# Answers that a browser would save, or show as they are.
FILES = re.compile(r"\.(csv|py|pdf|xml|json|jsonl)$|^/api/")
SAVED = """async () => [
    ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(found => found.name),
    ...(await caches.keys()), ...(await navigator.serviceWorker.getRegistrations()).map(found => found.scope),
]"""
# django-unfold keeps in the browsers of staff how its own pages look: bright or dark.
OF_THE_BACK_OFFICE = {"adminTheme"}
ON_EVERY_ANSWER = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
ON_EVERY_PAGE = ON_EVERY_ANSWER | {
    "strict-transport-security": "max-age=31536000",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class Watched:
    """A browser of one person. ``faults`` is everything that it saw a page do and that no page may do."""

    def __init__(self, browser: Any, console: Console, world: dict[str, Any], role: str = "signed_out") -> None:
        self.console, self.world, self.role = console, world, role
        self.context = browser.new_context(locale="en-GB")
        self.context.set_default_timeout(15_000)
        if key := world["keys"].get(role):
            cookie = {"name": world["session"], "value": key, "domain": "localhost", "path": "/"}
            self.context.add_cookies([cookie | {"secure": True, "httpOnly": True, "sameSite": "Lax"}])
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.answers = 0
        self.at = ""
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._fault(f"breaks: {error}"))

    def visit(self, path: str) -> None:
        if FILES.search(path):
            self.ask(path)
            return
        self.at = path
        self.page.goto(self.console.url + path)
        for name in set(self.page.evaluate(SAVED)) - (OF_THE_BACK_OFFICE if self.role == "staff" else set()):
            self._fault(f"leaves {name!r} in the browser")
        self._look_at_cookies()

    def ask(self, path: str) -> None:
        """With the browser's cookies, without opening what comes."""
        self.at = path
        self._answered(self.context.request.get(self.console.url + path, max_redirects=0))
        self._look_at_cookies()

    def _fault(self, text: str) -> None:
        line = f"{self.at} as {self.role} {text}"
        if line not in self.faults:
            self.faults.append(line)

    def _asked(self, request: Any) -> None:
        there = urlsplit(request.url)
        if there.scheme != "data" and there.netloc != urlsplit(self.console.url).netloc:
            self._fault(f"contacts {there.scheme}://{there.netloc}")

    def _said(self, message: Any) -> None:
        # Chromium reports the status of the page itself as an error, too.
        of_status = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type == "error" and not of_status:
            self._fault(f"says {message.text}")

    def _answered(self, response: Any) -> None:
        there = urlsplit(response.url)
        if there.netloc != urlsplit(self.console.url).netloc:
            return
        self.answers += 1
        got = response.headers
        wanted = dict(ON_EVERY_ANSWER if there.path.startswith("/static/") else ON_EVERY_PAGE)
        if not there.path.startswith("/static/"):
            wanted["content-security-policy"] = self.world["staff_policy" if there.path.startswith("/staff/") else "policy"]
            if self.world["keys"][self.role]:
                wanted["cache-control"] = "no-store"
        for name, value in wanted.items():
            if got.get(name) != value:
                self._fault(f"answers {there.path} with {name}: {got.get(name)}")
        if "access-control-allow-origin" in got:
            self._fault(f"lets other sites read {there.path}")

    def _look_at_cookies(self) -> None:
        for cookie in self.context.cookies():
            name, longest = cookie["name"], self.world["cookies"].get(cookie["name"])
            if longest is None:
                self._fault(f"sets the cookie {name!r}, which nobody declared")
                continue
            if not (name.startswith("__Host-") and cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax"):
                self._fault(f"sets the cookie {name!r} without its guards")
            if cookie["expires"] > time.time() + longest + 5:
                self._fault(f"sets the cookie {name!r} for longer than {longest} s")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    port = free_port()
    with instance(tmp_path_factory.mktemp("watched") / "instance", port=port) as made:
        file = made.home / "operator.toml"
        text = file.read_text(encoding="utf-8").replace("http://localhost", "https://localhost")
        file.write_text(text.replace("proxies = 0", "proxies = 1"), encoding="utf-8")
        made.environment["DJANGO_SETTINGS_MODULE"] = "tests.fakes.leaks"
        with started(made, port=port) as console:
            yield console


@pytest.fixture(scope="module")
def world(console: Console) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(console.instance.python(MAKE))
    return made


@pytest.mark.parametrize("role", ROLES)
def test_no_page_does_what_it_may_not(browser: Any, console: Console, world: dict[str, Any], role: str) -> None:
    watched = Watched(browser, console, world, role)
    opened: set[str] = set()
    for path, outcomes in world["pages"]:
        if outcomes[role] == "post" or (outcomes[role] != "open" and outcomes[role] in opened):
            watched.ask(path)  # nothing to see, or a page like one that was seen
        else:
            watched.visit(path)
        opened.add(outcomes[role])
    for path in world["rooms"] if role == "staff" else ():
        watched.visit(path)
    assert watched.faults == []
    assert watched.answers > len(world["pages"])
    watched.context.close()


def test_nor_in_french_and_choosing_it_leaves_one_cookie_more(browser: Any, console: Console, world: dict[str, Any]) -> None:
    watched = Watched(browser, console, world, "owner")
    watched.visit("/legal")
    before = {cookie["name"] for cookie in watched.context.cookies()}
    watched.page.locator("footer form button").click()
    watched.page.wait_for_selector("html[lang=fr]")
    for path in ("/", "/usage", "/bills", "/terms", "/settings/security", "/settings/sessions", "/nowhere"):
        watched.visit(path)
        assert watched.page.locator("html").get_attribute("lang") == "fr", path
    assert watched.faults == []
    assert {cookie["name"] for cookie in watched.context.cookies()} - before == {"__Host-language"}
    watched.context.close()


@pytest.mark.parametrize(
    ("leak", "seen"),
    [
        ("cookie", "sets the cookie '_ga', which nobody declared"),
        ("long", "sets the cookie '__Host-language' for longer than"),
        ("open", "sets the cookie '__Host-language' without its guards"),
        ("image", f"contacts {STRANGER}"),
        ("header", "answers /leak/header with referrer-policy: None"),
        ("inline", "violates the following Content Security Policy directive"),
        ("storage", "leaves 'seen' in the browser"),
        ("error", "breaks: a page that breaks"),
    ],
)
def test_each_of_these_is_seen(browser: Any, console: Console, world: dict[str, Any], leak: str, seen: str) -> None:
    watched = Watched(browser, console, world)
    watched.visit(f"/leak/{leak}")
    assert any(seen in fault for fault in watched.faults), watched.faults
    watched.context.close()
