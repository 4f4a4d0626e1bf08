"""Who gets data: what is declared, what follows from other settings, and whose a host is."""

import pytest
from django.utils import translation

from bonafide.operator import Provider
from bonafide.outgoing.checks import hosts_are_declared, processors_are_bound, the_database_is_declared
from bonafide.outgoing.processors import declared, is_own, may_be_reached, recipient_of
from tests.factories.outgoing import operator_with, processor

ACME = Provider(id="acme", name="Acme", issuer="https://id.acme.example", client_id="console", hosts=("keys.acme.example",))


def names(operator):
    return [one.name for one in declared(operator)]


def test_the_host_of_the_machines_is_always_one_and_once(settings):
    assert names(settings.OPERATOR) == ["Fjord Datacenter SAS"]
    told = operator_with(processor(id="fjord", name="Fjord Datacenter SAS", contract="Contract of 1 May 2026"))
    assert [(one.name, one.contract) for one in declared(told)] == [("Fjord Datacenter SAS", "Contract of 1 May 2026")]


def test_texts_are_in_the_readers_language():
    operator = operator_with(processor())
    assert declared(operator)[1].purpose == "Carries our letters."
    with translation.override("fr"):
        assert declared(operator)[1].purpose == "Achemine nos lettres."


def test_vies_is_one_only_where_it_is_asked():
    asked = operator_with(tax={"vies": True})
    assert names(asked)[1:] == ["European Commission (VIES)"]
    assert recipient_of(host="ec.europa.eu", operator=asked).id == "vies"
    assert recipient_of(host="ec.europa.eu", operator=operator_with(tax={"vies": True}, service={"trial": True})) is None


def test_a_provider_is_one_with_its_hosts_unless_it_is_our_own_or_declared_otherwise():
    operator = operator_with(sign_in={"providers": (ACME,)})
    assert names(operator)[1:] == ["Acme"]
    assert recipient_of(host="id.acme.example", operator=operator).name == "Acme"
    assert recipient_of(host="KEYS.acme.example.", operator=operator).name == "Acme"
    ours = operator_with(sign_in={"providers": (ACME,)}, network={"own_hosts": ("id.acme.example",)})
    assert names(ours)[1:] == []
    other = processor(id="acme", name="Acme SAS", hosts=("id.acme.example", "keys.acme.example"))
    assert names(operator_with(other, sign_in={"providers": (ACME,)}))[1:] == ["Acme SAS"]


@pytest.mark.parametrize(
    ("host", "own", "reached"),
    [
        ("localhost", True, True),
        ("127.0.0.1", True, True),
        ("mail.nordlys.example", True, True),
        ("smtp.postillon.example", False, True),
        ("postillon.example", False, False),
        ("evil.smtp.postillon.example", False, False),
        ("ec.europa.eu", False, False),
    ],
)
def test_a_host_is_ours_or_somebodys_or_is_not_reached(host, own, reached):
    operator = operator_with(processor(), network={"own_hosts": ("mail.nordlys.example",)})
    assert is_own(host=host, operator=operator) is own
    assert may_be_reached(host=host, operator=operator) is reached


# --- At the start ---------------------------------------------------------------------------------------------------------
def test_the_tests_own_operator_passes():
    assert [*hosts_are_declared(), *processors_are_bound(), *the_database_is_declared()] == []


def test_a_mail_server_or_a_register_that_nobody_declared_is_refused(settings):
    elsewhere = {"mail": {"host": "smtp.postillon.example"}, "tax": {"vies": True, "vies_url": "https://vies.example/api"}}
    settings.OPERATOR = operator_with(**elsewhere)
    mail, vies = hosts_are_declared()
    assert mail.msg == (
        "mail.host = 'smtp.postillon.example' is a host that was not declared: declare whose it is under [[processors]], "
        "or as your own under network.own_hosts"
    )
    assert vies.msg.startswith("tax.vies_url = 'vies.example' is a host that was not declared")
    assert mail.is_serious()
    settings.OPERATOR = operator_with(processor(), network={"own_hosts": ("vies.example",)}, **elsewhere)
    assert hosts_are_declared() == []


def test_letters_that_are_written_into_a_folder_need_no_server(settings):
    settings.OPERATOR = operator_with(mail={"host": "smtp.postillon.example", "delivery": "file"})
    assert hosts_are_declared() == []


@pytest.mark.parametrize(("country", "refused"), [("US", True), ("GB", True), ("FR", False), ("RE", False), ("NO", False)])
def test_a_processor_outside_the_eu_and_the_eea_needs_a_safeguard(settings, country, refused):
    settings.OPERATOR = operator_with(processor(country=country))
    assert [found.id for found in processors_are_bound()] == ["outgoing.E002"] * refused
    settings.OPERATOR = operator_with(processor(country=country, safeguard="Standard contractual clauses (decision 2021/914)"))
    assert processors_are_bound() == []


def test_a_database_on_somebody_elses_machine_is_refused_since_the_guard_cannot_see_it(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "db.rented.example")
    [found] = the_database_is_declared()
    assert found.msg.startswith("DATABASE_URL: 'db.rented.example' is a host that was not declared")
    settings.OPERATOR = operator_with(network={"own_hosts": ("db.rented.example",)})
    assert the_database_is_declared() == []
