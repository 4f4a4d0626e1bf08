"""The pages on which a bill is paid: who may, what they offer, and that they never say more than is known."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.billing.models import Invoice
from bonafide.outgoing.web_client import Session
from bonafide.payments.stripe.models import Attempt
from bonafide.sessions.hold import SessionEnded
from bonafide.web import headers
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.test_pay import owed, payer

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(bill: Invoice, page: str = "pay") -> str:
    return f"/bills/{bill.number}/{page}"


def test_the_button_leads_to_stripe_and_back(fake: FakeStripe) -> None:
    bill = owed()
    client = signed_in(payer(bill))
    page = client.get(at(bill)).content.decode()
    assert "Pay €12.00" in page
    assert 'id="transfer"' in page
    answer = client.post(at(bill))
    attempt = Attempt.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, attempt.url)
    assert "This was not paid yet" in client.get(at(bill, "paid")).content.decode()
    fake.controls.pay(attempt.session_id or "")
    assert "This bill is paid" in client.get(at(bill, "paid")).content.decode()
    assert "Nothing is left to pay" in client.get(at(bill)).content.decode()


def test_no_transaction_is_open_while_stripe_is_asked(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the signed-in send is one transaction everywhere else; the attempt is committed before Stripe hears of it."""
    open_at, there = [], []
    send = Session.request

    def watched(self: Session, *given: Any, **options: Any) -> Any:
        open_at.append(connection.in_atomic_block)
        there.append(Attempt.objects.count())
        return send(self, *given, **options)

    monkeypatch.setattr(Session, "request", watched)
    bill = owed()
    signed_in(payer(bill)).post(at(bill))
    assert (set(open_at), set(there)) == ({False}, {1})


def test_a_person_whose_session_ended_meanwhile_begins_nothing(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = owed()
    client = signed_in(payer(bill))

    def ended(_request: Any) -> None:
        raise SessionEnded

    monkeypatch.setattr("bonafide.payments.stripe.views.hold", ended)
    answer = client.post(at(bill))
    assert (answer.status_code, "/account/login" in answer["Location"], Attempt.objects.count()) == (302, True, 0)


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("billing", 200), ("viewer", 403)])
def test_who_pays_is_shown_the_way(fake: FakeStripe, role: str, status: int) -> None:
    bill = make_invoice()
    client = signed_in(make_member(account=bill.account, role=role))
    assert client.get(at(bill)).status_code == status
    assert (at(bill) in client.get(f"/bills/{bill.number}").content.decode()) == (status == 200)
    assert (at(bill) in client.get("/bills").content.decode()) == (status == 200)


def test_a_debit_on_its_way_offers_no_second_payment(fake: FakeStripe) -> None:
    bill = owed()
    client = signed_in(payer(bill))
    client.post(at(bill))
    attempt = Attempt.objects.get()
    fake.controls.pay(attempt.session_id or "", method="DE89370400440532013000")
    assert "The payment is on its way" in client.get(at(bill, "paid")).content.decode()
    page = client.get(at(bill)).content.decode()
    assert "is on its way" in page
    assert '<form class="sheet"' not in page
    assert 'id="transfer"' not in page
    assert client.post(at(bill)).status_code == 200
    assert Attempt.objects.count() == 1


def test_stripe_that_does_not_answer_is_said_and_nothing_is_claimed(fake: FakeStripe) -> None:
    bill = owed()
    client = signed_in(payer(bill))
    fake.controls.fail_before(503, path="/v1/checkout")
    answer = client.post(at(bill))
    assert (answer.status_code, "Stripe does not answer just now" in answer.content.decode()) == (503, True)
    client.post(at(bill))
    fake.controls.pay(Attempt.objects.get().session_id or "")
    fake.controls.fail_before(503, method="GET", path="/v1/checkout")
    page = client.get(at(bill, "paid")).content.decode()
    assert "Please do not pay again before" in page
    assert "Ways to pay" not in page


def test_the_page_is_there_without_stripe() -> None:
    bill = owed()
    page = signed_in(payer(bill)).get(at(bill)).content.decode()
    assert 'id="transfer"' in page
    assert "Stripe" not in page


def test_pages_ask_as_much_however_many_attempts_there_are(fake: FakeStripe) -> None:
    bill = owed()
    client = signed_in(payer(bill))

    def count(page: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(at(bill, page))
        return len(asked)

    client.get(at(bill))
    before = [count("pay"), count("paid")]
    now = timezone.now()
    for _number in range(5):
        values = {"account": bill.account, "currency": "EUR", "amount_minor": 1200, "state": "cancelled"}
        Attempt.objects.create(way="checkout", invoice=bill, begun_at=now, moved_at=now, **values)
    assert [count("pay"), count("paid")] == before


def test_a_form_may_lead_to_stripes_page_only_where_it_is_on(settings: Any) -> None:
    assert "stripe" not in headers.CONTENT_SECURITY_POLICY
    try:
        on = settings.OPERATOR.stripe.model_copy(update={"enabled": True})
        settings.OPERATOR = settings.OPERATOR.model_copy(update={"stripe": on})
        assert "form-action 'self' https://checkout.stripe.com;" in importlib.reload(headers).CONTENT_SECURITY_POLICY
        settings.STRIPE_API_URL = "http://127.0.0.1:4242/x"
        assert "form-action 'self' http://127.0.0.1:4242;" in importlib.reload(headers).CONTENT_SECURITY_POLICY
    finally:
        settings.OPERATOR = settings.OPERATOR.model_copy(
            update={"stripe": settings.OPERATOR.stripe.model_copy(update={"enabled": False})}
        )
        settings.STRIPE_API_URL = ""
        importlib.reload(headers)
