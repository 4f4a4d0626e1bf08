"""Two browsers signed in as one person: one ends the other, the other's next click lands on the sign-in page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.console import Console

pytestmark = pytest.mark.browser
PASSWORD = "violet harbour 92 lanterns"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def person(console: Console) -> str:
    console.instance.python(
        "from datetime import UTC, datetime\n"
        "from allauth.account.models import EmailAddress\n"
        "from bonafide.accounts.models import Account, Membership, User\n"
        "user = User(username='mira', email='mira@example.com')\n"
        f"user.set_password({PASSWORD!r})\n"
        "user.save()\n"
        "EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)\n"
        "account = Account.objects.create(name='Mira', country='FR', language='en', created_at=datetime.now(UTC))\n"
        "Membership.objects.create(user=user, account=account, role='owner', created_at=datetime.now(UTC))"
    )
    return "mira"


@pytest.fixture(params=["without scripts on a phone", "wide with scripts"])
def options(request: Any) -> dict[str, Any]:
    if request.param == "wide with scripts":
        return {"viewport": {"width": 1200, "height": 900}}
    return {"viewport": PHONE, "java_script_enabled": False}


@pytest.fixture
def pages(browser: Any, options: dict[str, Any]) -> Iterator[list[Any]]:
    contexts = [browser.new_context(**options) for _ in range(2)]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def sign_in(page: Any, console: Console, person: str) -> None:
    page.goto(f"{console.url}/account/login/")
    page.locator("input[name=login]").fill(person)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(f"{console.url}/")


def test_one_browser_ends_the_other_and_reads_the_receipt(console: Console, person: str, pages: list[Any]) -> None:
    mine, lost = pages
    for page in pages:
        sign_in(page, console, person)
    lost.goto(f"{console.url}/usage")

    mine.locator("details.menu summary").click()
    mine.get_by_role("link", name="Sessions", exact=True).click()
    mine.get_by_role("heading", name="Where you are signed in").wait_for()
    assert "Here, and in one other browser." in mine.inner_text("main")
    assert mine.get_by_text("this one").count() == 1
    fits(mine)

    mine.locator("a.button", has_text=re.compile("^End ")).last.click()
    mine.get_by_role("heading", name="Confirm that it is you").wait_for()
    mine.locator("input[name=password]").fill(PASSWORD)
    mine.get_by_role("button", name="Confirm").click()
    mine.get_by_role("heading", name="End this session?").wait_for()
    fits(mine)
    mine.get_by_role("button", name="End it").click()

    mine.get_by_role("heading", name=re.compile(r"One session ended at \d+:\d\d:\d\d")).wait_for()
    assert "It was tried again with its old cookie and refused." in mine.inner_text("main")
    fits(mine)

    lost.get_by_role("link", name="Bills", exact=True).first.click()
    lost.wait_for_url(re.compile("/account/login/"))

    mine.get_by_role("link", name="Back to your sessions").click()
    assert "In this browser, and nowhere else." in mine.inner_text("main")
    assert "Ended by you" in mine.inner_text("main")
    fits(mine)
    mine.get_by_role("link", name="Sign-ins", exact=True).click()
    mine.get_by_role("heading", name="Who tried to sign in as you").wait_for()
    fits(mine)


def fits(page: Any) -> None:
    """Nothing has to be pushed sideways to be read: all the ways out of the page's text stay inside of it."""
    box = page.locator("main").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    for piece in page.locator("main :is(h1, h2, p, table, .button, .sheet)").all():
        inner = piece.bounding_box()
        assert inner is None or inner["x"] + inner["width"] <= page.viewport_size["width"] + 1, piece.inner_text()
