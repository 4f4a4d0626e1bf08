"""Help says what this operator's console does, in words that stand on its pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from bonafide.help.topics import BILLS, LATE, PAY, SAVED, topics
from bonafide.operator_dunning import Dunning

PACKAGE = Path(__file__).parents[2] / "bonafide"
HELP = sorted((PACKAGE / "help" / "templates").rglob("*.html"))
SENTENCES = re.compile(
    r"{% (?:blocktranslate|plural)[^%]*%}\s*(.*?)\s*{% (?:plural|endblocktranslate) %}|{% translate \"([^\"]+)\"", re.S
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def stripe_on(settings: Any) -> None:
    on = settings.OPERATOR.stripe.model_copy(update={"enabled": True, "methods": ("card", "sepa_debit")})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"stripe": on})


def follow_up(settings: Any, **values: Any) -> None:
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"dunning": Dunning.model_validate({"enabled": True, **values})})


def sentences() -> list[str]:
    """What the pages of help say, as the catalogue knows it."""
    found = [first or second for path in HELP for first, second in SENTENCES.findall(path.read_text(encoding="utf-8"))]
    return [re.sub(r"{{ (\w+) }}", r"%(\1)s", " ".join(one.split())) for one in found]


def labels(language: str) -> set[str]:
    """What help quotes from pages, in a language."""
    quotes = {"en": r"“([^”]+)”", "fr": r"«\s*([^»]+?)\s*»"}[language]
    with translation.override(language):
        return {label for one in sentences() for label in re.findall(quotes, gettext(one))}


def said_elsewhere(language: str) -> set[str]:
    """Every short text that templates and code outside of help show."""
    texts: set[str] = set()
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".html", ".py") and "help" not in path.relative_to(PACKAGE).parts:
            written = path.read_text(encoding="utf-8")
            texts.update(re.findall(r"""(?:translate|_\(|gettext_lazy\()\s*["']([^"']+)["']""", written))
    with translation.override(language):
        return {gettext(text) for text in texts}


def test_there_is_help_for_what_is_switched_on(client: Client, settings: Any) -> None:
    assert topics(settings.OPERATOR) == (BILLS, PAY)
    assert client.get("/help/automatic-payment").status_code == 404
    assert client.get("/help/late").status_code == 404
    assert "Stripe" not in client.get("/help/pay").content.decode()


def test_every_topic_opens_and_leads_to_the_others(client: Client, settings: Any, stripe_on: None) -> None:
    follow_up(settings)
    assert topics(settings.OPERATOR) == (BILLS, PAY, SAVED, LATE)
    index = client.get("/help").content.decode()
    for one in topics(settings.OPERATOR):
        assert f"/help/{one.key}" in index
        page = client.get(f"/help/{one.key}")
        assert page.status_code == 200
        assert all(f"/help/{other.key}" in page.content.decode() for other in topics(settings.OPERATOR) if other != one)
    assert client.get("/help/nothing").status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_help_quotes_stands_on_pages(language: str) -> None:
    quoted, there = labels(language), said_elsewhere(language)
    assert len(quoted) >= 8
    assert {label for label in quoted if label not in there} == set()


def test_the_example_is_of_the_operators_own_bank_and_of_no_bill(client: Client, settings: Any) -> None:
    page = client.get("/help/pay").content.decode()
    assert settings.OPERATOR.bank.iban[-3:] in page
    assert "RF" in page
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"bank": None})
    assert "IBAN" not in client.get("/help/pay").content.decode()


def said_of_late_bills(client: Client) -> str:
    page = client.get("/help/late").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_follows_a_late_bill_is_this_operators_ladder(client: Client, settings: Any) -> None:
    follow_up(settings)
    page = said_of_late_bills(client)
    assert "After 1 day: a letter reminds you. After 5 days: a formal notice to pay." in page
    assert "After 10 days, and not within 5 days of the last letter: the service is suspended." in page
    assert "3 days after the suspension: a last letter. 5 days after the suspension: the account is closed." in page
    assert "second letter" not in page
    assert "For consumers" not in page
    assert "by card" not in page
    follow_up(settings, consumers={"suspend_days": 0, "close_days": 0})
    page = said_of_late_bills(client)
    assert page.index("For companies") < page.index("After 10 days, and") < page.index("For consumers") < page.index("Nothing is")
    follow_up(settings, suspend_days=0, close_days=0, claim="no")
    page = said_of_late_bills(client)
    assert "During a suspension" not in page
    assert "the law" not in page
