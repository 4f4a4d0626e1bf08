"""/processors: everybody who gets data, for everybody to read."""

import pytest
from django.test import Client

from tests.factories.outgoing import operator_with, processor

pytestmark = pytest.mark.django_db


def read(language="en"):
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    return " ".join(client.get("/processors").content.decode().split())


def test_each_recipient_stands_there_with_purpose_data_country_contract_and_link(settings):
    settings.OPERATOR = operator_with(
        processor(id="far", name="Far Mail Inc", country="US", safeguard="Standard contractual clauses, 2021/914"),
        tax={"vies": True},
    )
    page = read()
    assert 'href="https://postillon.example/privacy"' in page
    for words in (
        "Far Mail Inc",
        "Carries our letters.",
        "Address and text of each letter.",
        "United States",
        "Contract of 2 November 2026",
        "Standard contractual clauses, 2021/914",
        "Fjord Datacenter SAS",
        "European Commission (VIES)",
        "<code>smtp.postillon.example</code>",
        "<code>ec.europa.eu</code>",
    ):
        assert words in page, words


def test_in_french_texts_and_countries_are_french(settings):
    settings.OPERATOR = operator_with(processor(country="DE"))
    page = read("fr")
    assert "Achemine nos lettres." in page
    assert "Allemagne" in page


def test_names_of_our_own_machines_are_not_shown(settings):
    settings.OPERATOR = operator_with(network={"own_hosts": ("mail-7.rack.example",)}, mail={"host": "mail-7.rack.example"})
    page = read()
    assert "mail-7" not in page
    assert "A mail server of our own hands them to yours." in page
    assert "Further machines of ours" in page


def test_every_page_leads_there():
    assert 'href="/processors"' in Client().get("/legal").content.decode()
