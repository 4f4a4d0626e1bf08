"""Which letters one gets, in a real browser and through a real mail server: news come, one click refuses them, security stays."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.console import Console
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_visit import PEOPLE, signed_in

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
APPROVED = """
from django.utils import timezone
from bonafide.mail.models import Announcement
from bonafide.mail.tasks import send_soon
now = timezone.now()
Announcement.objects.create(purpose="news", audience="owners", subject_en="Disks are faster", body_en="Since Monday.",
    subject_fr="Des disques plus rapides", body_fr="Depuis lundi.", created_at=now, approved_at=now)
send_soon()
"""
PASSKEY_ADDED = """
from django.utils import timezone
from bonafide.accounts.models import User
from bonafide.sign_in.letters import tell
tell(user=User.objects.get(username="vega"), event="passkey-added", now=timezone.now())
"""
WHAT_CAME = """
from bonafide.mail.models import Announcement, Letter
from bonafide.mail.tasks import send_letters
send_letters.call()
print(sorted(Letter.objects.filter(user__username="vega").values_list("purpose", "outcome")))
print(Announcement.objects.filter(sent_at=None).count())
"""


def test_news_come_are_refused_with_one_click_and_security_still_comes(
    browser: Any, console: Console, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    console.instance.python(PEOPLE + APPROVED)
    letter = smtp_sink.wait_for("vega@example.com", subject="Disks are faster")
    link = link_in(letter)
    assert letter["List-Unsubscribe"].strip() == f"<{link}>"
    page = signed_in(browser, console, "vega")
    page.goto(f"{console.url}/settings/letters")
    assert page.get_by_role("navigation", name="Settings").get_by_role("link", name="Letters").get_attribute("aria-current")
    assert page.get_by_role("row", name=re.compile("News of the service")).count() == 2  # what it is for, and that one came
    page.screenshot(path=tmp_path / "letters-wide.png", full_page=True)
    refuses_by_the_link(browser, link, page)
    refuses_without_scripts(browser, console, page)
    page.set_viewport_size(PHONE)
    page.reload()
    assert no_wider_than_the_screen(page)
    page.screenshot(path=tmp_path / "letters-phone.png", full_page=True)
    nothing_but_security_comes(console, smtp_sink)


def refuses_by_the_link(browser: Any, link: str, settings: Any) -> None:
    """A look at it changes nothing; its button does, on a phone and signed in nowhere, and so does a mail program."""
    phone = browser.new_context(locale="en-GB", viewport=PHONE).new_page()
    phone.goto(link)
    assert no_wider_than_the_screen(phone)
    settings.reload()
    assert settings.get_by_role("button", name="Refuse News of the service").is_visible()
    phone.get_by_role("button", name="Refuse these letters").click()
    assert phone.get_by_role("heading", name="You get no more letters for “News of the service”").is_visible()
    asked = urllib.request.Request(link, data=b"List-Unsubscribe=One-Click", method="POST")
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 200
    settings.reload()
    assert settings.get_by_role("button", name="Get them News of the service").is_visible()


def refuses_without_scripts(browser: Any, console: Console, settings: Any) -> None:
    """By the keyboard, on a phone."""
    state = settings.context.storage_state()
    plain = browser.new_context(locale="en-GB", viewport=PHONE, java_script_enabled=False, storage_state=state).new_page()
    plain.goto(f"{console.url}/settings/letters")
    plain.get_by_role("button", name="Refuse Works on the service").press("Enter")
    assert plain.get_by_text("You get no more letters for “Works on the service”.").is_visible()


def nothing_but_security_comes(console: Console, smtp_sink: SmtpSink) -> None:
    console.instance.python(APPROVED.replace("Disks are faster", "Disks are cheaper") + PASSKEY_ADDED)
    security = smtp_sink.wait_for("vega@example.com", subject="A passkey was added")
    assert security["List-Unsubscribe"] is None
    assert console.instance.python(WHAT_CAME) == "[('login-security', 'sent'), ('news', 'sent')]\n0\n"
    assert not [sent for sent in smtp_sink.letters if "cheaper" in str(sent["Subject"])]


def link_in(letter: Any) -> str:
    found = re.search(r"http://localhost:\d+/letters/refuse/\S+", letter.get_body(("plain",)).get_content())
    assert found
    return found[0]


def no_wider_than_the_screen(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
