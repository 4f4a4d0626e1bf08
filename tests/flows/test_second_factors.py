"""Second factors in a real browser: passkeys by a virtual authenticator, codes as a phone computes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.console import Console
from tests.flows.test_story import watch
from tests.sign_in.factors.people import PASSWORD, code

pytestmark = pytest.mark.browser

MAKE_PEOPLE = f"""
from allauth.account.models import EmailAddress
from bonafide.accounts.commands import add_staff
from bonafide.accounts.models import User
for name in ("mira", "noor"):
    user = User(username=name, email=f"{{name}}@example.com")
    user.set_password({PASSWORD!r})
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
add_staff(username="camille", email="camille@example.com", password={PASSWORD!r})
"""
NOT_SPENT = """
from allauth.mfa.models import Authenticator
for app in Authenticator.objects.filter(type="totp"):
    app.data["last_step"] = -1
    app.save()
"""


class Device:
    """A virtual authenticator in the browser: a phone or laptop that keeps passkeys and is unlocked (or not)."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def unlocked(self, *, yes: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})

    @property
    def passkeys(self) -> list[Any]:
        found: list[Any] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]
        return found


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def sign_in(page: Any, console: Console, name: str) -> None:
    page.goto(f"{console.url}/account/login/")
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Any, console: Console) -> None:
    page.goto(f"{console.url}/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def confirm(page: Any) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def set_up_app(page: Any, console: Console) -> str:
    """Its secret."""
    page.goto(f"{console.url}/settings/security")
    page.get_by_role("link", name="Set up an app").click()
    confirm(page)
    secret = re.sub(r"\s", "", page.locator("form code").inner_text())
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0"), "the picture shows"
    page.get_by_label("Code").fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    return secret


def add_passkey(page: Any, console: Console, name: str) -> None:
    page.goto(f"{console.url}/settings/security")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("The passkey is added.").wait_for()


def use_passkey(page: Any) -> None:
    page.get_by_role("button", name="Use a passkey").click()


def give_code(page: Any, text: str) -> None:
    page.get_by_label("Code").or_(page.get_by_label("Recovery code")).fill(text)
    page.get_by_role("button", name="Go on").click()


def test_a_passkey_signs_in_by_itself_and_is_refused_while_the_device_stays_locked(page: Any, console: Console) -> None:
    console.instance.python(MAKE_PEOPLE)
    complaints = watch(page, console)
    device = Device(page)
    sign_in(page, console, "mira")
    page.goto(f"{console.url}/settings/security")
    assert "Your password, and nothing else" in page.inner_text("main")
    add_passkey(page, console, "Mira's laptop")
    assert [passkey["rpId"] for passkey in device.passkeys] == ["localhost"]

    sign_out(page, console)
    page.goto(f"{console.url}/account/login/?next=/bills")
    device.unlocked(yes=False)
    use_passkey(page)
    page.get_by_role("alert").filter(has_text="was not unlocked").wait_for()
    device.unlocked(yes=True)
    use_passkey(page)
    page.wait_for_url(f"{console.url}/bills")

    sign_out(page, console)
    sign_in(page, console, "mira")  # the password alone is not enough any more
    page.get_by_role("heading", name="One more step").wait_for()
    use_passkey(page)
    page.wait_for_url(f"{console.url}/")
    assert complaints == []


def test_a_passkey_confirms_and_is_renamed_and_removed(page: Any, console: Console) -> None:
    console.instance.python(MAKE_PEOPLE)
    complaints = watch(page, console)
    Device(page)
    sign_in(page, console, "mira")
    add_passkey(page, console, "Mira's laptop")
    sign_out(page, console)
    use_passkey(page)
    page.wait_for_url(f"{console.url}/")
    page.goto(f"{console.url}/settings/security")
    page.get_by_role("link", name="Rename Mira's laptop").click()
    page.get_by_role("link", name="With a passkey").click()
    use_passkey(page)
    page.get_by_label("Name").fill("Work")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove Work").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("The passkey is removed.").wait_for()
    assert complaints == []


def test_an_app_is_set_up_and_its_code_signs_in(page: Any, console: Console) -> None:
    console.instance.python(MAKE_PEOPLE)
    complaints = watch(page, console)
    sign_in(page, console, "noor")
    secret = set_up_app(page, console)
    sign_out(page, console)
    sign_in(page, console, "noor")
    console.instance.python(NOT_SPENT)  # as if half a minute had passed
    give_code(page, code(secret))
    page.wait_for_url(f"{console.url}/")
    assert complaints == []


def test_a_recovery_code_signs_in_once(page: Any, console: Console) -> None:
    console.instance.python(MAKE_PEOPLE)
    sign_in(page, console, "noor")
    set_up_app(page, console)
    page.get_by_role("button", name="Make ten codes").click()
    codes = page.locator(".codes code").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Keep as a file").click()
    assert download.value.path().read_text(encoding="ascii").split() == codes

    sign_out(page, console)
    sign_in(page, console, "noor")
    page.get_by_text("I have lost my phone or my passkey").click()
    assert "hello@nordlys.example" in page.inner_text("main")
    give_code(page, codes[0].lower())
    page.wait_for_url(f"{console.url}/")

    sign_out(page, console)
    sign_in(page, console, "noor")
    give_code(page, codes[0])
    page.get_by_text("was used already").wait_for()
    page.get_by_role("button", name="Sign in as somebody else").click()
    page.wait_for_url(f"{console.url}/account/login/")


def test_staff_are_led_to_set_one_up_before_the_back_office_opens(page: Any, console: Console) -> None:
    console.instance.python(MAKE_PEOPLE)
    sign_in(page, console, "camille")
    page.goto(f"{console.url}/staff/")
    assert page.url == f"{console.url}/settings/security"
    assert "a password alone is not enough" in page.inner_text("main")
    set_up_app(page, console)
    page.goto(f"{console.url}/staff/")
    assert page.url == f"{console.url}/staff/"
    page.goto(f"{console.url}/settings/security/app/remove")
    assert "Staff keep at least one second factor" in page.inner_text("main")
    assert page.get_by_role("button", name="Remove", exact=True).count() == 0

    done = console.instance.bonafide("staff", "reset-factors", "camille")
    assert "1 second factor removed, 1 session ended" in done.stdout
    page.goto(f"{console.url}/staff/")
    assert page.url.startswith(f"{console.url}/account/login/")


def test_without_scripts_no_button_promises_a_passkey(browser: Any, console: Console) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{console.url}/account/login/")
    assert page.get_by_role("button", name="Sign in", exact=True).count() == 1
    assert page.get_by_role("button", name="Use a passkey").count() == 0
    context.close()
