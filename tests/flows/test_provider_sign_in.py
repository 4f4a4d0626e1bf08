"""Signing up, in and connecting with a provider, in a real browser: what its rules let a form do is part of the story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.fakes.oidc import Provider
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.browser
PASSWORD = "violet harbour 92 lanterns"


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def console(tmp_path: Path, smtp_sink: SmtpSink, provider: Provider) -> Iterator[Console]:
    port = free_port()
    with instance(tmp_path / "instance", port=port, smtp_port=smtp_sink.port) as made:
        with (made.home / "operator.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[sign_in.providers]]\nid = "acme"\nname = "Acme"\nissuer = "{provider.issuer}"\n'
                f'client_id = "{provider.client_id}"\n'
            )
        secret = made.home / "acme-secret"
        secret.write_text(f"{provider.client_secret}\n", encoding="ascii")
        made.environment["BONAFIDE_OIDC_ACME_SECRET_FILE"] = str(secret)
        provider.redirects = {f"http://localhost:{port}/account/provider/acme/callback/"}
        with started(made, port=port) as console:
            yield console


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def complaints_of(page: Any) -> list[str]:
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


def sign_out(page: Any, console: Console) -> None:
    page.goto(f"{console.url}/account/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    page.wait_for_url(re.compile("/account/login/"))


def test_from_the_button_to_the_console_and_back_again(page: Any, console: Console, provider: Provider) -> None:
    seen = complaints_of(page)
    page.goto(f"{console.url}/account/login/")
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Refuse").click()
    page.get_by_role("heading", name="You said no").wait_for()

    page.get_by_role("link", name="Back to signing in").click()
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Create an account").wait_for()
    assert page.get_by_label("Username").input_value() == "mira"
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url(f"{console.url}/")
    assert "mira" in page.inner_text("header")

    sign_out(page, console)
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{console.url}/")
    page.goto(f"{console.url}/settings/sessions")
    assert "sign-in at Acme" in page.inner_text("main")
    assert seen == []


def test_a_person_of_ours_connects_it_and_somebody_with_their_address_does_not(
    page: Any, console: Console, provider: Provider
) -> None:
    seen = complaints_of(page)
    console.instance.python(
        "from bonafide.accounts.models import User\n"
        "from allauth.account.models import EmailAddress\n"
        f"user = User.objects.create_user('vega', 'mira@example.org', {PASSWORD!r})\n"
        "EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)\n"
    )
    page.goto(f"{console.url}/account/login/")
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="You have a login here already?").wait_for()

    page.goto(f"{console.url}/account/login/")
    page.get_by_label("Username or e-mail address").fill("vega")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{console.url}/")
    page.goto(f"{console.url}/settings/security")
    page.get_by_role("button", name="Connect Acme").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Acme is connected").wait_for()

    sign_out(page, console)
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{console.url}/")
    assert "vega" in page.inner_text("header")
    assert seen == []


def test_a_password_can_be_shown_while_one_types_it(page: Any, console: Console) -> None:
    seen = complaints_of(page)
    page.goto(f"{console.url}/account/signup/")
    field = page.get_by_label("Password", exact=True)
    field.fill("four plain words")
    page.get_by_role("button", name="Show").click()
    assert field.get_attribute("type") == "text"
    page.get_by_role("button", name="Hide").click()
    assert field.get_attribute("type") == "password"
    assert field.input_value() == "four plain words"
    field.fill("x" * 200)
    assert len(field.input_value()) == 200, "nothing is cut off"
    assert seen == []
