"""A new consumer orders, withdraws in two clicks, orders again; somebody cancels without signing in; and all of it in French."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.console import ROOT, Console
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_story import sign_up, watch

pytestmark = pytest.mark.browser
MIRA = "mira@example.com"
STATE = """
from bonafide.contracts.models import Contract, Notice
for contract in Contract.objects.order_by("pk"):
    print(contract.plan.code, bool(contract.withdrawn_at), contract.last_on is not None)
for notice in Notice.objects.order_by("pk"):
    print(notice.kind, notice.task, notice.account is not None)
"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.fixture
def plans(console: Console) -> None:
    """What the operator offers, and terms that were published when the console began to serve."""
    for file in ("cloud.toml", "plans.toml"):
        console.instance.bonafide("prices", "import", str(ROOT / "examples" / file))


def order(page: Any, console: Console, plan: str) -> str:
    """Choose a plan and order it; the contract's reference."""
    page.goto(f"{console.url}/order")
    page.get_by_role("link", name=f"Choose {plan}").click()
    page.get_by_label("I expressly ask that the service begin at once").check()
    page.get_by_label("I have read the terms of service").check()
    page.get_by_role("button", name="Order with obligation to pay").click()
    page.get_by_role("heading", name=re.compile("^Contract K-")).wait_for()
    return str(page.inner_text("h1")).removeprefix("Contract ")


def letter_with(sink: SmtpSink, text: str) -> str:
    """The letter to Mira that says so."""
    from tests.test_serving import eventually

    def found() -> str:
        bodies = [body.get_content() for letter in sink.letters if (body := letter.get_body(("plain",)))]
        return next((body for body in bodies if text in body), "")

    eventually(lambda: bool(found()), f"a letter says {text!r}")
    return found()


@pytest.mark.usefixtures("plans")
def test_a_new_consumer_orders_withdraws_orders_again_and_cancels(page: Any, console: Console, smtp_sink: SmtpSink) -> None:
    complaints = watch(page, console)
    sign_up(page, console, smtp_sink)
    first = order(page, console, "Nordlys Start")
    confirmation = letter_with(smtp_sink, f"the contract {first}")
    for said in ("€9.00 a month, VAT of 20 % included", "I hereby withdraw", "Médiateur du numérique"):
        assert said in confirmation

    page.goto(console.url)
    page.get_by_role("main").get_by_role("link", name="Withdraw from the contract here").click()
    page.get_by_role("button", name="Confirm the withdrawal").click()
    page.get_by_role("heading", name="Your withdrawal is received").wait_for()
    assert first in page.inner_text("main")
    receipt = letter_with(smtp_sink, "We received this withdrawal")
    assert first in receipt
    assert "Because you had asked that the service begin at once, you owe" in receipt

    page.goto(console.url)
    assert not page.get_by_role("main").get_by_role("link", name="Withdraw from the contract here").count()
    assert console.instance.python(STATE).split("\n")[:2] == ["nordlys-start True True", "withdrawal  True"]
    second = order(page, console, "Nordlys Team")
    assert second != first, "who withdrew may order again"
    assert complaints == []


@pytest.mark.usefixtures("plans")
def test_somebody_cancels_without_signing_in(page: Any, console: Console, smtp_sink: SmtpSink) -> None:
    sign_up(page, console, smtp_sink)
    reference = order(page, console, "Nordlys Team")
    page.context.clear_cookies()
    complaints = watch(page, console)
    page.goto(f"{console.url}/terms")
    page.get_by_role("contentinfo").get_by_role("link", name="Cancel your contract").click()
    page.get_by_label("Your name").fill("Mira")
    page.get_by_label("E-mail address").fill(MIRA)
    page.get_by_label("Reference of the contract").fill(reference)
    page.get_by_label("Reason").fill("I move away")
    page.get_by_role("button", name="Look at it before sending").click()
    page.get_by_role("button", name="Change it").click()
    assert page.get_by_label("Reason").input_value() == "I move away"
    page.get_by_role("button", name="Look at it before sending").click()
    page.get_by_role("button", name="Notify the cancellation").click()
    page.get_by_role("heading", name="Your cancellation is received").wait_for()
    confirmation = letter_with(smtp_sink, "We received this cancellation")
    assert reference in confirmation
    assert "The contract ends with the end of" in confirmation
    assert "I move away" in confirmation
    assert console.instance.python(STATE).split("\n")[:2] == ["nordlys-team False True", "cancellation  True"]
    assert complaints == []


@pytest.mark.usefixtures("plans")
def test_in_french_everything_is_called_as_the_law_has_it(page: Any, console: Console, smtp_sink: SmtpSink) -> None:
    sign_up(page, console, smtp_sink)
    page.get_by_role("button", name="Français").click()
    page.goto(f"{console.url}/order/nordlys-start")
    button = page.get_by_role("button", name="Commande avec obligation de paiement")
    assert "VAT" not in page.inner_text("main")
    page.get_by_label(re.compile("conditions")).check()
    button.click()
    page.get_by_role("heading", name=re.compile("^Contrat K-")).wait_for()
    page.get_by_role("main").get_by_role("link", name="Renoncer au contrat ici").click()
    page.get_by_role("button", name="Confirmer la rétractation").wait_for()
    page.get_by_role("contentinfo").get_by_role("link", name="Résilier votre contrat").click()
    page.get_by_role("button", name="Vérifier avant l’envoi").click()
    page.get_by_role("button", name="Notification de la résiliation").wait_for()
