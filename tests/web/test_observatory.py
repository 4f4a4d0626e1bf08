"""Our answers under an https configuration, scored by the rules of Mozilla's HTTP Observatory (tests/web/observatory.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.web.observatory import Page, score

HOST = "console.example.com"
# Browsers' preload list is the operator's to ask for: without its 5 points, 140 is all that there is.
MOST = 140
MAKE = """
from tests.factories.accounts import make_app, make_member, make_user
from tests.factories.sessions import make_session
from bonafide.sessions.store import METHODS
print(make_session(make_member()).session_key)
staff = make_user(is_staff=True, is_superuser=True)
shown = make_app(staff)
session = make_session(staff)
session[METHODS] = [{"method": "password", "at": 1.0}, {"method": "mfa", "at": 2.0, "id": shown.pk, "type": shown.type}]
session[METHODS + "_user"] = str(staff.pk)
session.save()
print(session.session_key)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    port = free_port()
    with instance(tmp_path_factory.mktemp("scored") / "instance", port=port) as made:
        file = made.home / "operator.toml"
        text = re.sub(r'console_url = ".*"', f'console_url = "https://{HOST}"', file.read_text(encoding="utf-8"))
        file.write_text(text.replace("proxies = 0", "proxies = 1"), encoding="utf-8")
        with started(made, port=port) as console:
            yield console


@pytest.fixture(scope="module")
def keys(console: Console) -> dict[str, str]:
    """The cookies of people who are signed in."""
    member, staff = console.instance.python(MAKE).split()
    return {"member": member, "staff": staff, "": ""}


def ask(console: Console, path: str, key: str = "") -> Page:
    """As a proxy passes it on, for a page of another site that would like to read the answer."""
    sent = {"Host": HOST, "X-Forwarded-For": "203.0.113.9", "Origin": "https://elsewhere.example"}
    sent |= {"Cookie": f"__Host-session={key}"} if key else {}
    connection = HTTPConnection("localhost", console.port, timeout=60)
    try:
        connection.request("GET", path, headers=sent)
        answer: HTTPResponse = connection.getresponse()
        assert answer.status == 200, (path, answer.status)
        headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "set-cookie"}
        return Page(headers, tuple(answer.headers.get_all("Set-Cookie") or ()), answer.read().decode())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "who", "missing"),
    [
        ("/account/login/", "", 0),
        # No form and so no cookie, no script and so no digest: nothing to give points for.
        ("/", "", 5),
        ("/terms", "", 5),
        ("/legal", "", 5),
        ("/bills", "member", 5),
        ("/settings/sessions", "member", 5),
    ],
)
def test_every_page_earns_all_that_can_be_earned(console, keys, path, who, missing):
    got = score(ask(console, path, keys[who]))
    assert (got.points, got.grade) == (MOST - missing, "A+"), got.by_rule
    assert min(got.by_rule.values()) >= 0


def test_the_back_office_says_what_its_library_costs(console, keys):
    """django-unfold evaluates expressions: ten points down instead of ten up, still an A+, and no other host either."""
    got = score(ask(console, "/staff/", keys["staff"]))
    assert got.by_rule["content_security_policy"] == -10
    assert sorted(value for value in got.by_rule.values() if value < 0) == [-10]
    assert (got.points, got.grade) == (115, "A+")


def test_files_are_for_our_own_pages(console):
    style = re.findall(r'href="(/static/web/console[^"]*)"', ask(console, "/terms").body)[0]
    headers = ask(console, style).headers
    assert "access-control-allow-origin" not in headers
    assert (headers["cross-origin-resource-policy"], headers["x-content-type-options"]) == ("same-origin", "nosniff")


def test_windows_of_other_sites_get_no_hold_of_ours(console):
    assert ask(console, "/account/login/").headers["cross-origin-opener-policy"] == "same-origin"


SOUND = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
}
COOKIE = "__Host-session=k; HttpOnly; Secure; SameSite=Lax; Path=/"
SCRIPT = '<script src="/static/a.js" integrity="sha384-x"></script>'


@pytest.mark.parametrize(
    ("header", "value", "lost"),
    [
        ("content-security-policy", "", 60),  # what forbids framing goes with it
        ("content-security-policy", "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'", 30),
        ("content-security-policy", "default-src 'none'; script-src 'self' 'unsafe-eval'; frame-ancestors 'none'", 20),
        ("content-security-policy", "default-src 'self'; frame-ancestors 'none'", 5),
        ("content-security-policy", "default-src 'none'; img-src http://pictures.example; frame-ancestors 'none'", 20),
        ("cross-origin-resource-policy", "cross-origin", 10),
        ("referrer-policy", "unsafe-url", 10),
        ("strict-transport-security", "max-age=3600", 10),
        ("x-content-type-options", "", 5),
    ],
)
def test_a_header_that_is_missing_or_weak_costs_its_points(header, value, lost):
    sound = Page(SOUND, (COOKIE,), SCRIPT)
    assert score(sound).points == MOST
    weak = score(replace(sound, headers=SOUND | {header: value}))
    assert MOST - (100 + sum(weak.by_rule.values())) == lost, weak.by_rule


@pytest.mark.parametrize(
    ("cookie", "points"),
    [
        (COOKIE.replace("HttpOnly; ", ""), -30),
        (COOKIE.replace("Secure; ", ""), -10),
        (COOKIE.replace("SameSite=Lax; ", ""), 0),
        ("__Host-csrftoken=k; HttpOnly; Secure; Path=/", -20),
    ],
)
def test_a_cookie_that_is_not_guarded_costs_its_points(cookie, points):
    assert score(Page(SOUND, (COOKIE, cookie), SCRIPT)).by_rule["cookies"] == points


def test_scripts_of_other_hosts_and_pages_that_others_may_read_cost_their_points():
    foreign = Page(SOUND, (), SCRIPT + '<script src="https://elsewhere.example/a.js"></script>')
    assert score(foreign).by_rule["subresource_integrity"] == -5
    mirrored = {"access-control-allow-origin": "https://elsewhere.example", "access-control-allow-credentials": "true"}
    assert score(Page(SOUND | mirrored)).by_rule["cross_origin_resource_sharing"] == -50
    assert score(Page(SOUND | mirrored)).grade == "C"
