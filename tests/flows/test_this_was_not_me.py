"""Somebody else signs in with a stolen password: the letter, its button, everybody out, and the way back in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.fakes.console import Console
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_story import sign_up, watch

pytestmark = pytest.mark.browser
STOLEN, NEW = "violet harbour 92 lanterns", "copper meadow 17 whistles"
WAIT = 60


def link_in(letter: Any, path: str) -> str:
    found = re.search(rf"http\S+{path}\S+", letter.get_body(("plain",)).get_content())
    assert found, letter.get_body(("plain",)).get_content()
    return found.group()


def sign_in(page: Any, console: Console, password: str) -> None:
    page.goto(f"{console.url}/account/login/")
    page.get_by_label("Username or e-mail address").fill("mira")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_stolen_password_is_told_reported_and_worth_nothing_any_more(
    browser: Any, console: Console, smtp_sink: SmtpSink
) -> None:
    mine, theirs, phone = (browser.new_context(locale="en-GB") for _ in range(3))
    me, thief, reader = mine.new_page(), theirs.new_page(), phone.new_page()
    complaints = watch(reader, console)
    sign_up(me, console, smtp_sink)
    sign_in(thief, console, STOLEN)
    thief.wait_for_url(f"{console.url}/")

    told = smtp_sink.wait_for("mira@example.com", subject="new browser", seconds=WAIT)
    assert "Chrom" in told.get_body(("plain",)).get_content()
    assert "127.0.0.1" not in told.as_string()
    reader.goto(link_in(told, "/account/not-me/"))
    assert "Ending all 2 open sessions" in reader.inner_text("main")
    reader.get_by_role("button", name="This was not me").click()
    reader.get_by_role("heading", name="Nobody is signed in as you any more").wait_for()

    for page in (me, thief):
        page.goto(f"{console.url}/bills")
        assert "/account/login/" in page.url
    sign_in(thief, console, STOLEN)
    assert "do not go together" in thief.inner_text("main")

    letter = smtp_sink.wait_for("mira@example.com", subject="Choose a new password", seconds=WAIT)
    reader.goto(link_in(letter, "/account/password/reset/key/"))
    reader.get_by_label("New password", exact=True).fill(NEW)
    reader.get_by_label("New password, again").fill(NEW)
    reader.get_by_role("button", name="Keep this password").click()
    reader.wait_for_url("**/done/")
    sign_in(reader, console, NEW)
    reader.wait_for_url(f"{console.url}/")
    assert [str(sent["Subject"]) for sent in smtp_sink.letters].count("Choose a new password") == 1
    smtp_sink.wait_for("mira@example.com", subject="Your password was changed", seconds=WAIT)
    assert complaints == []
    for context in (mine, theirs, phone):
        context.close()
