"""The pages: what stands on them, what they send, and that they tell nobody who has an account here."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.contracts.models import Contract, Notice
from bonafide.terms.models import Version
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.contracts import make_consumer, make_contract, make_offer
from tests.factories.terms import publish_terms

pytestmark = pytest.mark.django_db
WRITTEN = {"name": "Mira", "email": "mira@example.com", "contract": "K-2222222222"}


@pytest.fixture
def mira(client):
    publish_terms()
    person = make_consumer()
    client.force_login(person)
    return person


@pytest.fixture
def contract(mira):
    return make_contract(account=mira.accounts.get(), now=timezone.now())


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found, f"no {name} in the page"
    return found[1]


# --- Ordering -------------------------------------------------------------------------------------------------------------
def test_strangers_see_the_plans_with_vat(client):
    make_offer()
    make_offer(offer=None, name_en="Hidden")
    page = client.get("/order").content.decode()
    assert "€30.00" in page
    assert "a month, VAT included" in page
    assert "Hidden" not in page


def test_the_button_says_that_it_obliges_and_the_law_stands_above_it(client, mira):
    page = client.get(f"/order/{make_offer().code}").content.decode()
    assert re.search(r'<button[^>]*type="submit">Order with obligation to pay</button>', page)
    for said in ("In all €30.00 a month", "within 14 days", "I expressly ask that the service begin at once", "Médiateur"):
        assert said in page
        assert page.index(said) < page.index("Order with obligation to pay")


def test_ordering_leads_to_the_contract(client, mira):
    address = f"/order/{make_offer().code}"
    page = client.get(address)
    sent = {"digest": hidden(page, "digest"), "key": hidden(page, "key"), "terms": "on", "begin_at_once": "on"}
    response = client.post(address, sent)
    made = Contract.objects.get()
    assert response["Location"] == f"/settings/contracts/{made.pk}"
    assert made.begin_at_once
    assert client.post(address, sent)["Location"] == response["Location"], "pressed twice it is one order"
    page = client.get(response["Location"]).content.decode()
    assert "Withdraw from the contract here" in page
    assert "In all €30.00 a month" in page


def test_without_the_terms_nothing_is_ordered(client, mira):
    address = f"/order/{make_offer().code}"
    page = client.get(address)
    response = client.post(address, {"digest": hidden(page, "digest"), "key": hidden(page, "key")})
    assert "Without the terms there is no contract" in response.content.decode()
    assert not Contract.objects.exists()


def test_terms_that_changed_meanwhile_have_to_be_read_again(client, mira):
    address = f"/order/{make_offer().code}"
    page = client.get(address)
    Version.objects.create(
        number=3, made_at=timezone.now(), effective_at=timezone.now(), change="wording", texts={"en": []}, facts={}
    )
    sent = {"digest": hidden(page, "digest"), "key": hidden(page, "key"), "terms": "on"}
    again = client.post(address, sent)
    assert "Please read it again" in again.content.decode()
    assert not Contract.objects.exists()
    assert hidden(again, "digest") != sent["digest"]


def test_why_something_cannot_be_ordered_is_said(client, mira, settings):
    plan = make_offer()
    settings.OPERATOR = operator(consumers={"sells_to_consumers": False})
    assert "Only companies and other organisations" in client.get(f"/order/{plan.code}").content.decode()


def test_the_plans_cost_the_same_queries_however_many_there_are(client, mira):
    make_offer()
    with CaptureQueriesContext(connection) as one:
        client.get("/order")
    for _ in range(3):
        make_offer()
    with CaptureQueriesContext(connection) as four:
        client.get("/order")
    assert len(four) == len(one)


# --- Withdrawing ----------------------------------------------------------------------------------------------------------
def test_the_ways_out_stand_under_every_page(client, settings):
    for address in ("/", "/terms", "/account/login/", "/nowhere"):
        page = client.get(address).content.decode()
        assert '<a href="/withdraw">Withdraw from the contract here</a>' in page
        assert '<a href="/cancel">Cancel your contract</a>' in page
    settings.OPERATOR = operator(consumers={"sells_to_consumers": False})
    page = client.get("/terms").content.decode()
    assert "/withdraw" not in page
    assert "/cancel" in page, "companies and associations cancel too"
    assert client.get("/withdraw").status_code == 404


def test_who_is_signed_in_withdraws_with_a_link_and_a_button(client, contract):
    listed = client.get("/settings/contracts").content.decode()
    assert f'<a href="/withdraw?contract={contract.reference}">Withdraw from the contract here</a>' in listed
    page = client.get(f"/withdraw?contract={contract.reference}")
    assert ">Confirm the withdrawal</button>" in page.content.decode()
    sent = {name: hidden(page, name) for name in ("name", "email", "contract", "key")}
    assert sent["contract"] == contract.reference
    done = client.post("/withdraw", sent).content.decode()
    contract.refresh_from_db()
    assert contract.withdrawn_at
    assert "Your withdrawal is received" in done
    assert "Withdraw from the contract here</a> <small>" not in client.get("/settings/contracts").content.decode()


def test_the_link_is_there_to_the_last_day_and_not_after(client, contract, time_machine):
    link = f"/withdraw?contract={contract.reference}"
    noon = timezone.now().replace(hour=10)
    last_day = noon + (contract.withdraw_until - noon.date())
    for at, there in ((last_day, True), (last_day + timedelta(days=1), False)):
        time_machine.move_to(at, tick=False)
        client.force_login(contract.ordered_by)
        for address in ("/settings/contracts", "/", f"/settings/contracts/{contract.pk}"):
            assert (link in client.get(address).content.decode()) is there, address


def test_the_answer_tells_nobody_whether_there_is_such_a_contract(client):
    there = make_contract(now=timezone.now())
    answers = []
    for written in (
        WRITTEN,
        WRITTEN | {"contract": there.reference},
        WRITTEN | {"email": there.email, "contract": there.reference},
    ):
        page = client.post("/withdraw", written | {"key": hidden(client.get("/withdraw"), "key")}).content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        for value in (*written.values(), *Notice.objects.values_list("reference", flat=True)):
            main = main.replace(value, "")
        answers.append(re.sub(r"<time.*?</time>", "", main))
    assert answers[0] == answers[1] == answers[2]
    there.refresh_from_db()
    assert there.withdrawn_at, "the third one was carried out all the same"


@pytest.mark.parametrize("name", ["See https://shop.example", "www.shop.example"])
def test_an_advertisement_is_no_name(client, name):
    key = hidden(client.get("/withdraw"), "key")
    assert "without a web address" in client.post("/withdraw", WRITTEN | {"name": name, "key": key}).content.decode()
    assert not Notice.objects.exists()


def test_nobody_has_us_write_to_the_same_address_again_and_again(client):
    for number in range(11):
        key = hidden(client.get("/withdraw"), "key")
        response = client.post("/withdraw", WRITTEN | {"key": key})
        assert response.status_code == (200 if number < 10 else 429), number
    assert "Retry-After" in response.headers
    assert Notice.objects.count() == 10


# --- Cancelling -----------------------------------------------------------------------------------------------------------
def test_cancelling_takes_a_form_a_look_and_a_notice_and_no_account(client):
    contract = make_contract(now=timezone.now())
    form = client.get("/cancel")
    written = {"name": "Mira", "email": contract.email, "contract": contract.reference, "key": hidden(form, "key")}
    look = client.post("/cancel", written | {"reason": "I move away"})
    page = look.content.decode()
    assert ">Notify the cancellation</button>" in page
    assert contract.reference in page
    assert "I move away" in page
    assert not Notice.objects.exists(), "nothing is sent by the look"
    sealed = hidden(look, "sealed")
    assert "Your cancellation is received" in client.post("/cancel/notify", {"sealed": sealed}).content.decode()
    assert client.post("/cancel/notify", {"sealed": sealed}).status_code == 200
    notice = Notice.objects.get()
    assert (notice.contract, notice.reason) == (contract, "I move away")


def test_the_look_leads_back_to_the_form_with_what_was_written(client):
    key = hidden(client.get("/cancel"), "key")
    page = client.post("/cancel", WRITTEN | {"key": key, "back": "1"}).content.decode()
    assert 'value="K-2222222222"' in page
    assert "Look at it before sending" in page


def test_what_was_not_looked_at_is_not_sent(client):
    assert client.post("/cancel/notify", {"sealed": "made:up"})["Location"] == "/cancel"
    assert not Notice.objects.exists()


def test_a_day_that_is_over_is_no_end(client):
    key = hidden(client.get("/cancel"), "key")
    assert "That day is over" in client.post("/cancel", WRITTEN | {"key": key, "wanted_on": "2020-01-01"}).content.decode()


def test_who_is_signed_in_finds_it_filled_in(client, contract):
    page = client.get("/cancel")
    assert hidden(page, "contract") == contract.reference
    assert hidden(page, "email") == contract.email


def test_who_ordered_nothing_finds_the_reference_of_the_account(client):
    person = make_member(account=make_account())
    client.force_login(person)
    assert hidden(client.get("/cancel"), "contract") == person.accounts.get().reference


# --- Whose ----------------------------------------------------------------------------------------------------------------
def test_a_contract_of_another_account_is_not_there(client, contract):
    client.force_login(make_consumer())
    assert client.get(f"/settings/contracts/{contract.pk}").status_code == 404


def test_a_billing_member_reads_and_does_not_order(client, contract):
    client.force_login(make_member(account=contract.account, role="billing"))
    assert client.get(f"/settings/contracts/{contract.pk}").status_code == 200
    assert "An owner of the account can order" in client.get("/order").content.decode()
    assert client.get(f"/order/{contract.plan.code}").status_code == 403
