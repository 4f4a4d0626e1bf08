"""The country from which people sign in, as evidence."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from bonafide.billing.ip_countries import Countries, NoCountries, countries_in, note_ip_countries
from bonafide.billing.models import LocationEvidence
from bonafide.billing.tasks import note_countries_of_sign_ins
from bonafide.sessions.models import SignIn
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 10, 1, 2, 20, tzinfo=UTC)
LIST = {"192.0.2.1": "DE", "192.0.2.2": "FR", "192.0.2.3": "ZZ", "2001:db8::1": "DE"}
COUNTRIES = Countries("Test-Country of 2024-09-01", lambda address: LIST.get(address, ""))


def sign_in(user, address, *, days=1, outcome="signed-in"):
    SignIn.objects.create(user=user, at=NOW - timedelta(days=days), outcome=outcome, address=address)


def note(now=NOW):
    return note_ip_countries(operator=operator(), countries=COUNTRIES, now=now)


def test_the_country_of_most_sign_ins_is_noted_and_no_address_with_it() -> None:
    account = make_account(kind="person", country="DE", postcode="20457")
    user = make_member(account=account)
    for address in ("192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3", "192.0.2.9"):
        sign_in(user, address)
    assert note() == 1
    evidence = LocationEvidence.objects.get()
    assert (evidence.account, evidence.kind, evidence.place, evidence.at) == (account, "ip", "DE", NOW)
    assert evidence.method == "country of 2 of 3 sign-ins in 31 days, Test-Country of 2024-09-01"
    assert not any(address in str(vars(evidence)) for address in LIST)


def test_it_is_noted_once_while_nothing_changes() -> None:
    sign_in(make_member(account=make_account(kind="person")), "192.0.2.2")
    assert [note(), note()] == [1, 0]


@pytest.mark.parametrize("why", ["old", "failed", "a company at home", "closed", "unknown network"])
def test_what_says_nothing_about_a_consumer_is_left_alone(why: str) -> None:
    account = make_account(kind="company" if why == "a company at home" else "person", closed_at=NOW if why == "closed" else None)
    address = "192.0.2.9" if why == "unknown network" else "192.0.2.1"
    sign_in(
        make_member(account=account),
        address,
        days=32 if why == "old" else 1,
        outcome="wrong-code" if why == "failed" else "signed-in",
    )
    assert note() == 0


def test_a_company_abroad_may_turn_out_to_be_a_consumer() -> None:
    sign_in(make_member(account=make_account(country="DE")), "192.0.2.1")
    assert note() == 1


def test_queries_do_not_grow_with_sign_ins_that_say_the_same(django_assert_num_queries) -> None:
    user = make_member(account=make_account(kind="person"))
    for _ in range(20):
        sign_in(user, "192.0.2.2")
    note()
    with django_assert_num_queries(3):
        note()


def test_without_a_list_of_networks_nothing_is_done() -> None:
    assert note_countries_of_sign_ins.call() == "no list of networks"


def test_a_list_that_cannot_be_read_is_said_in_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(NoCountries, match="needs the package maxminddb"), countries_in("geo.mmdb"):
        pass
