"""The record of processing: whatever is declared stands in it, with the operator's own numbers, in both languages."""

import csv
from io import StringIO

import pytest
from django.test import Client

from bonafide.operator_privacy import Processor
from bonafide.privacy.inventory import PLACES, holdings
from bonafide.privacy.processing import as_csv, recipients, record
from tests.factories.billing import operator

pytestmark = pytest.mark.django_db
ABROAD = Processor(
    id="mailer", name="Mailer Inc.", purpose_en="sends letters", purpose_fr="envoie les lettres", data_en="addresses",
    data_fr="adresses", country="US", safeguard="standard contractual clauses", contract="DPA of 2026-01-02",
    link="https://mailer.example",
)  # fmt: skip


def lines(**sections):
    return [row for _, rows in record(operator=operator(**sections)) for row in rows]


def test_whatever_is_declared_stands_in_it():
    said = {row.what for row in lines()}
    assert {str(holding.what) for _, holding in holdings()} <= said
    assert {str(place.what) for place in PLACES if place.kind and not place.setting} <= said


def test_limits_are_the_operators_own():
    assert "erased after 12 months" in {row.end for row in lines()}
    shorter = {row.end for row in lines(retention={"ip_months": 7, "floors": ()})}
    assert "erased after 7 months" in shorter
    assert not any("law asks" in end or "décret" in end for end in shorter)


def test_folders_of_others_stand_in_it_when_the_operator_declared_some():
    assert not any("proxy" in row.what for row in lines())
    [row] = [row for row in lines(logs={"directories": ("/var/log/nginx",)}) if "proxy" in row.what]
    assert row.where == ("/var/log/nginx",)


def test_who_is_outside_the_economic_area_is_named_with_what_protects_it():
    given = operator().model_copy(update={"processors": (ABROAD,)})
    host, mailer = recipients(operator=given, language="fr")
    assert (host.name, host.outside) == ("Fjord Datacenter SAS", False)
    assert (mailer.purpose, mailer.country, mailer.outside) == ("envoie les lettres", "États-Unis", True)
    [head, *rows] = csv.reader(StringIO(as_csv(operator=given, language="en")))
    assert {row[head.index("Transfers outside the European Economic Area")] for row in rows} == {
        "Mailer Inc.: United States (standard contractual clauses)"
    }


def test_the_table_has_a_line_for_each_row_of_the_page():
    [head, *rows] = csv.reader(StringIO(as_csv(operator=operator(), language="en")))
    assert len(rows) == len(lines())
    assert {len(row) for row in rows} == {len(head)}
    assert {row[head.index("Transfers outside the European Economic Area")] for row in rows} == {"none"}
    assert all(row[head.index("Controller")].startswith("Nordlys Cloud, 12 rue des Lanternes") for row in rows)


@pytest.mark.parametrize("address", ["/processing", "/processing.csv"])
def test_anybody_may_read_it_without_a_query_about_anybody(address, django_assert_num_queries):
    with django_assert_num_queries(1):  # which version of the terms is in force
        page = Client().get(address).content.decode()
    assert "IP address" in page
    assert "Fjord Datacenter SAS" in page
