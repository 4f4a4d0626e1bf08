"""The terms say what the operator's file says, in both languages, and no more than the product does."""

import html
import re
from pathlib import Path

import pytest
from django.utils import translation

from bonafide import operator as operator_module
from bonafide.operator import Operator
from bonafide.terms.clauses import CLAUSES, said

PACKAGE = Path(operator_module.__file__).parent
# What design.md numbers; only what is built may be said.
PROMISES = {
    f"{letter}{n}" for letter, many in zip("HBISULORCD", (1, 3, 3, 4, 2, 1, 3, 2, 2, 3), strict=True) for n in range(1, many + 1)
}


def changed(operator: Operator, section: str, **values: object) -> Operator:
    return operator.model_copy(update={section: getattr(operator, section).model_copy(update=values)})


def text_of(operator: Operator, language: str = "en") -> str:
    with translation.override(language):
        return "\n".join(line for clause in said(operator, language) for line in (clause.title, *clause.paragraphs))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("identity", "trade_name", "Vega Wolken"),
        ("identity", "legal_name", "Vega Wolken Betrieb"),
        ("identity", "legal_form", "GmbH"),
        ("identity", "trade_register", "HRB Hamburg"),
        ("identity", "registration", "HRB 12345"),
        ("identity", "email", "help@vega.example"),
        ("hosting", "host_name", "Other Machines AG"),
        ("hosting", "host_website", "https://other.example"),
        ("hosting", "region", "Nordhaven 3"),
        ("service", "time_zone", "Europe/Berlin"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_the_operator_changes_changes_the_text(settings, section, key, value, language):
    before = text_of(settings.OPERATOR, language)
    assert value not in before
    assert value in text_of(changed(settings.OPERATOR, section, **{key: value}), language)


def test_the_country_is_named_in_the_readers_language(settings):
    elsewhere = changed(settings.OPERATOR, "hosting", country="DE")
    assert "Germany" in text_of(elsewhere, "en")
    assert "Allemagne" in text_of(elsewhere, "fr")


def test_whether_an_empty_month_gives_a_bill_follows_the_setting(settings):
    assert "gives one too" in text_of(changed(settings.OPERATOR, "billing", zero_bills="issue"))
    assert "gives none" in text_of(changed(settings.OPERATOR, "billing", zero_bills="skip"))


@pytest.mark.parametrize(("access", "said_so"), [("full", "IP address"), ("truncated", "cut off"), ("off", "keeps no log")])
def test_what_is_logged_follows_the_setting(settings, access, said_so):
    assert said_so in text_of(changed(settings.OPERATOR, "logs", access=access))


def test_how_long_logs_stay_follows_the_setting(settings):
    assert "30 days" in text_of(changed(settings.OPERATOR, "logs", days=30))


def test_how_long_addresses_and_histories_stay_follows_the_setting(settings):
    text = text_of(changed(settings.OPERATOR, "retention", ip_months=3, history_months=7))
    assert text.count("3 months") == 2
    assert "7 months" in text


def test_every_clause_is_a_promise_of_the_design_and_stands_once():
    ids = [clause.id for clause in CLAUSES]
    assert len(ids) == len(set(ids))
    assert set(ids) <= PROMISES


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_place_stays_unfilled(settings, language):
    with translation.override(language):
        for clause in said(settings.OPERATOR, language):
            assert clause.title
            assert clause.paragraphs
            for paragraph in clause.paragraphs:
                assert not re.search(r"%\(|[{}]", paragraph)
                assert paragraph.endswith(".")


def test_every_clause_is_translated(settings):
    with translation.override("en"):
        english = said(settings.OPERATOR, "en")
    with translation.override("fr"):
        french = said(settings.OPERATOR, "fr")
    for one, other in zip(english, french, strict=True):
        assert one.title != other.title
        assert not set(one.paragraphs) & set(other.paragraphs)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_are_read_without_signing_in(client, settings, language):
    client.cookies["language"] = language
    identity, hosting = settings.OPERATOR.identity, settings.OPERATOR.hosting
    terms = client.get("/terms").content.decode()
    assert all(f'id="{clause.id}"' in terms for clause in CLAUSES)
    read = html.unescape(re.sub(r"<[^>]+>", "", terms))
    assert all(line in read for line in text_of(settings.OPERATOR, language).splitlines()), "a sentence lost a part on the page"
    legal = client.get("/legal").content.decode()
    for value in (
        identity.legal_name,
        identity.legal_form,
        identity.share_capital,
        identity.trade_register,
        identity.registration,
        identity.vat_number,
        identity.street,
        identity.phone.lstrip("+"),
        identity.email,
        identity.publication_director,
        hosting.host_name,
        hosting.host_address,
        hosting.host_website,
    ):
        assert value in legal


@pytest.mark.django_db
def test_the_pages_follow_the_file(client, settings):
    settings.OPERATOR = changed(settings.OPERATOR, "identity", legal_name="Vega Wolken", publication_director="Ada Vega")
    assert "Vega Wolken" in client.get("/terms").content.decode()
    assert "Ada Vega" in client.get("/legal").content.decode()


def test_no_operator_is_named_in_a_template_or_in_code(settings):
    """Templates and code alike; the demo makes an operator up, and says so in its own folder."""
    names = {settings.OPERATOR.identity.legal_name, settings.OPERATOR.hosting.host_name, "Nordlys", "COMWORK", "Scaleway"}
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".py", ".html", ".txt", ".typ", ".po") and "demo" not in path.relative_to(PACKAGE).parts:
            text = path.read_text(encoding="utf-8")
            assert not [name for name in names if name in text], path
