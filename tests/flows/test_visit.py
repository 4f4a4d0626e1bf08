"""Staff open a customer's records and visit them, in a real browser; the customer reads all of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.fakes.console import Console
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.browser

WHY = "your message of 20 November about VAT"
PASSWORD = "violet harbour 92 lanterns"
# Two people with verified addresses; the one of the staff has an authenticator app, whose code the test works out.
PEOPLE = f"""
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.utils import timezone
from bonafide.accounts.models import Account, Membership, User
from bonafide.sign_in.factors.sealing import seal
for name, staff in (("camille", True), ("vega", False)):
    user = User(username=name, email=f"{{name}}@example.com", is_staff=staff, is_superuser=staff, language="en")
    user.set_password("{PASSWORD}")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    if staff:
        app = {{"secret": seal("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), "last_step": -1}}
        Authenticator.objects.create(user=user, type="totp", data=app)
now = timezone.now()
account = Account.objects.create(kind="company", name="Atelier Vega SARL", country="FR", language="en", created_at=now)
Membership.objects.create(user=user, account=account, role="owner", created_at=now)
"""


def code() -> str:
    import time

    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return str(format_hotp_value(hotp_value("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", int(time.time()) // 30)))


def signed_in(browser: Any, console: Console, name: str) -> Any:
    page = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{console.url}/account/login/")
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form").get_by_role("button", name="Sign in", exact=True).click()
    if name == "camille":
        page.locator("input[name=code]").fill(code())
        page.locator("form:has(input[name=code]) button[type=submit]").first.click()
    page.wait_for_url(f"{console.url}/")
    return page


def test_staff_look_and_visit_and_the_customer_reads_it(browser: Any, console: Console, smtp_sink: SmtpSink) -> None:
    console.instance.python(PEOPLE)
    staff, customer = signed_in(browser, console, "camille"), signed_in(browser, console, "vega")

    staff.goto(f"{console.url}/staff/accounts/account/")
    staff.get_by_role("link", name="Atelier Vega SARL").click()
    staff.get_by_role("heading", name="Why do you open this record?").wait_for()
    staff.get_by_label("Reason").fill(WHY)
    staff.get_by_role("button", name="Open the record").click()
    staff.get_by_text(f"why: “{WHY}”").wait_for()

    staff.get_by_role("link", name="Visit their console").click()
    staff.get_by_role("button", name="Begin the visit").click()
    staff.wait_for_url(f"{console.url}/")
    assert WHY in smtp_sink.wait_for("vega@example.com").get_body(("plain",)).get_content()
    assert re.search(r"Visiting Atelier Vega SARL until \d\d:\d\d as staff", staff.inner_text(".visit"))
    assert staff.locator(".visit").evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(122, 31, 143)"
    staff.get_by_role("link", name="Usage", exact=True).click()
    assert staff.locator(".visit").is_visible()
    assert staff.request.get(f"{console.url}/usage.csv").status == 403
    assert staff.goto(f"{console.url}/settings/security").status == 403
    staff.get_by_role("heading", name="This is closed during a visit").wait_for()
    staff.locator(".visit").get_by_role("button", name="End the visit").click()
    staff.wait_for_url(re.compile("/staff/accounts/account/"))
    staff.goto(f"{console.url}/usage")
    assert not staff.locator(".visit").count()

    customer.goto(f"{console.url}/settings/privacy")
    read = customer.inner_text("main")
    for line in (
        "saw it in a list of accounts",
        "opened the account Atelier Vega SARL",
        "opened the page /usage",
        "tried /usage.csv, and was refused",
        "ended the visit",
        "tried /settings/security, and was refused",
        f"“{WHY}”",
    ):
        assert line in read, line
    assert "camille" not in read
    staff.context.close()
    customer.context.close()
