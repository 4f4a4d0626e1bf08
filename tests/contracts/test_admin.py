"""What staff see and do: what is left first, by its last day."""

from datetime import UTC, datetime, timedelta

import pytest

from bonafide.contracts.models import Notice
from tests.factories.accounts import enter_as_staff
from tests.factories.contracts import make_contract, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reasons_given")]
TOLD = datetime(2024, 9, 5, 15, 30, tzinfo=UTC)
LIST = "/staff/contracts/notice/"


@pytest.fixture
def staff(client):
    return enter_as_staff(client)


def change(notice):
    return f"{LIST}{notice.pk}/change/"


def test_what_is_left_comes_first_by_its_last_day(client, staff):
    done = tell(make_contract(now=TOLD), kind=Notice.Kind.CANCELLATION, now=TOLD)
    later = tell(kind=Notice.Kind.CANCELLATION, now=TOLD + timedelta(days=2), email="a@example.com", contract="one")
    sooner = tell(kind=Notice.Kind.WITHDRAWAL, now=TOLD + timedelta(days=1), email="b@example.com", contract="two")
    page = client.get(LIST).content.decode()
    places = [page.index(notice.reference) for notice in (sooner, later, done)]
    assert places == sorted(places)
    assert "find the contract and carry the notice out" in page
    left = client.get(f"{LIST}?todo=1").content.decode()
    assert sooner.reference in left
    assert done.reference not in left


def test_staff_choose_the_contract_and_it_is_carried_out(client, staff):
    contract = make_contract(now=TOLD)
    notice = tell(kind=Notice.Kind.CANCELLATION, now=TOLD, email="a@example.com", contract="my server")
    answer = client.post(change(notice), {"contract": contract.pk, "done_how": ""})
    assert answer.status_code == 302, answer.content.decode()
    contract.refresh_from_db()
    notice.refresh_from_db()
    assert str(contract.last_on) == "2024-09-05"
    assert (notice.contract, notice.done_by) == (contract, staff)


def test_staff_say_what_they_did_and_then_nothing_is_left(client, staff):
    notice = tell(kind=Notice.Kind.WITHDRAWAL, now=TOLD, email="a@example.com", contract="two")
    assert "Choose the contract, or say what was done" in client.post(change(notice), {"done_how": ""}).content.decode()
    assert client.post(change(notice), {"done_how": "no such contract: answered"}).status_code == 302
    notice.refresh_from_db()
    assert (notice.done_how, notice.done_by) == ("no such contract: answered", staff)
    assert client.post(change(notice), {"done_how": "again"}).status_code == 403


def test_a_refusal_is_an_error_of_the_form(client, staff):
    contract = make_contract(now=TOLD - timedelta(days=40))
    notice = tell(kind=Notice.Kind.WITHDRAWAL, now=TOLD, email="a@example.com", contract="mine")
    answer = client.post(change(notice), {"contract": contract.pk, "done_how": ""})
    assert "could not be withdrawn from on 2024-09-05" in answer.content.decode()
    notice.refresh_from_db()
    assert (notice.contract, notice.done_at) == (None, None)


def test_contracts_are_looked_at_and_never_changed(client, staff):
    contract = make_contract(now=TOLD)
    page = client.get("/staff/contracts/contract/").content.decode()
    assert contract.reference in page
    assert "€30.00" in page
    address = f"/staff/contracts/contract/{contract.pk}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"price_minor": 1}).status_code == 403
