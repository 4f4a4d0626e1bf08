"""A team-mate's story in a real browser: invited by letter, signed up through it, looked around, taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.console import Console
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_story import sign_up, watch

pytestmark = pytest.mark.browser
PASSWORD = "violet harbour 92 lanterns"


@pytest.fixture
def two_people(browser: Any) -> Iterator[tuple[Any, Any]]:
    contexts = [browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}) for _ in range(2)]
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def link_in(sink: SmtpSink, recipient: str, path: str, console: Console) -> str:
    """The link of the last letter to somebody."""
    sink.wait_for(recipient)
    letter = [kept for kept in sink.letters if recipient in str(kept["To"])][-1]
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(rf"{console.url}{path}\S+", body.get_content())
    assert link, body.get_content()
    return link.group()


def confirm_identity(page: Any) -> None:
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()


def invite(owner: Any, console: Console) -> None:
    owner.goto(f"{console.url}/settings/members")
    owner.get_by_role("link", name="Invite somebody").click()
    confirm_identity(owner)
    owner.get_by_label("E-mail address").fill("tom@example.com")
    owner.get_by_label(re.compile("^Viewer")).check()
    owner.get_by_role("button", name="Send the invitation").click()
    owner.get_by_text("A letter is on its way to tom@example.com.").wait_for()


def sign_up_through(guest: Any, invitation: str, console: Console, smtp_sink: SmtpSink) -> None:
    guest.goto(invitation)
    assert "mira invites you, in the role Viewer" in guest.inner_text("main")
    guest.get_by_role("link", name="Create a login").click()
    guest.get_by_label("Username").fill("tom")
    guest.get_by_label("E-mail address").fill("tom@example.com")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_role("button", name="Create the account").click()
    guest.get_by_role("heading", name="Check your mail").wait_for()
    guest.goto(link_in(smtp_sink, "tom@example.com", "/account/confirm-email/", console))
    guest.get_by_role("button", name="Confirm").click()
    guest.wait_for_url(invitation)
    guest.get_by_role("button", name="Accept as tom").click()
    guest.get_by_text("You are a member of mira, in the role Viewer.").wait_for()


def test_invited_by_letter_looked_around_and_taken_out(two_people: Any, console: Console, smtp_sink: SmtpSink) -> None:
    owner, guest = two_people
    complaints = watch(owner, console)
    sign_up(owner, console, smtp_sink)
    invite(owner, console)
    invitation = link_in(smtp_sink, "tom@example.com", "/invitations/", console)
    sign_up_through(guest, invitation, console, smtp_sink)

    guest.goto(f"{console.url}/settings/members")
    seen = guest.inner_text("main")
    assert "tom" in seen
    assert "mira" in seen
    assert "@example.com" not in seen
    assert guest.get_by_role("link", name="Invite somebody").count() == 0
    assert guest.goto(f"{console.url}/settings/members/invite").status == 403

    owner.goto(f"{console.url}/settings/members")
    assert "tom@example.com" in owner.inner_text("main")
    owner.get_by_role("link", name="Change tom").click()
    owner.get_by_role("button", name="Take tom out").click()
    owner.get_by_text("tom is a member no longer.").wait_for()

    assert guest.goto(f"{console.url}/settings/members").status == 404
    guest.goto(f"{console.url}/bills")
    assert "not a member of an account" in guest.inner_text("main")
    assert guest.goto(invitation).status == 404
    assert complaints == []


def test_a_key_is_made_copied_and_revoked(two_people: Any, console: Console, smtp_sink: SmtpSink) -> None:
    owner, program = two_people
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    complaints = watch(owner, console)
    reference = sign_up(owner, console, smtp_sink)
    owner.goto(f"{console.url}/settings/api-keys")
    owner.get_by_role("link", name="Make a key").click()
    confirm_identity(owner)
    owner.get_by_label("Name").fill("meter agent")
    owner.get_by_label(re.compile("^Read usage")).check()
    owner.get_by_role("button", name="Make the key").click()
    owner.get_by_role("heading", name="is made").wait_for()
    key = owner.inner_text("#key-text").strip()
    owner.get_by_role("button", name="Copy").click()
    owner.get_by_role("button", name="Copied").wait_for()
    assert owner.evaluate("navigator.clipboard.readText()") == key

    address = f"{console.url}/api/v1/accounts/{reference}/usage"
    with_key = {"Authorization": f"Bearer {key}"}
    assert program.request.get(address, headers=with_key).status == 200
    owner.reload()  # sends the form again, as a browser would after asking
    assert "A key of this name is there already" in owner.inner_text("main")
    assert key not in owner.content()

    owner.goto(f"{console.url}/settings/api-keys")
    assert "never used" not in owner.inner_text("main")
    owner.get_by_role("button", name="Revoke meter agent").click()
    owner.get_by_text("It opens nothing from now on.").wait_for()
    assert program.request.get(address, headers=with_key).status == 401
    assert complaints == []
