"""A bill is paid on Stripe's page: one page however often it is asked for, and money booked once, whatever is lost or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from django.conf import settings

from bonafide.accounts.models import Membership, User
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.models import Invoice, Settlement
from bonafide.mail.models import Letter
from bonafide.outgoing.web_client import Session
from bonafide.payments.stripe.amounts import NotThere, at_stripe, from_stripe
from bonafide.payments.stripe.begin import ASKED_AGAIN, NothingOpen, OnItsWay, begin
from bonafide.payments.stripe.client import StripeOff, StripeRefused, StripeUnanswered, client, reading, retrieved_intent
from bonafide.payments.stripe.follow import follow, follow_attempt
from bonafide.payments.stripe.models import Attempt, Customer
from bonafide.payments.stripe.move import moved
from bonafide.payments.take_in import take_in
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import make_invoice
from tests.fakes.stripe import FakeStripe

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2024, 10, 2, 9, tzinfo=UTC)


def owed(**values: Any) -> Invoice:
    """A bill of 12.00 EUR, of an account with an owner."""
    bill = make_invoice(**values)
    make_member(account=bill.account)
    return bill


def payer(bill: Invoice) -> User:
    return Membership.objects.filter(account=bill.account).select_related("user")[0].user


def press(bill: Invoice, now: datetime = NOW) -> Attempt:
    return begin(invoice=bill, by=payer(bill), operator=settings.OPERATOR, now=now)


def look(attempt: Attempt, now: datetime = NOW) -> Attempt:
    return follow_attempt(attempt=attempt, operator=settings.OPERATOR, now=now)


def at(fake: FakeStripe) -> stripe.StripeClient:
    return stripe.StripeClient(fake.key, base_addresses={"api": fake.url})


def paid_on(bill: Invoice) -> int:
    return sum(Settlement.objects.filter(invoice=bill).values_list("amount_minor", flat=True))


def test_it_is_paid_on_stripes_page_and_booked_once(fake: FakeStripe) -> None:
    bill = owed()
    attempt = press(bill)
    assert (attempt.state, attempt.url.startswith(fake.url)) == ("open", True)
    fake.controls.pay(attempt.session_id or "")
    for _again in range(2):
        attempt = look(attempt)
        follow(kind="checkout.session", stripe_id=attempt.session_id or "", operator=settings.OPERATOR, now=NOW)
    assert (attempt.state, attempt.url, attempt.receipt and attempt.receipt.amount_minor) == ("succeeded", "", 1200)
    [settled] = Settlement.objects.filter(invoice=bill)
    assert (settled.amount_minor, settled.means, settled.reference) == (1200, "card", attempt.intent_id)
    assert Letter.objects.filter(purpose="payment_received").count() == 1
    with pytest.raises(NothingOpen):
        press(bill)


def test_stripe_is_told_who_pays_what_and_nothing_else(fake: FakeStripe) -> None:
    bill = owed(account=make_account(billing_email="bills@vega.example"))
    attempt = press(bill)
    customer = at(fake).v1.customers.list().data[0].to_dict()
    assert (customer["name"], customer["email"]) == (bill.account.name, "bills@vega.example")
    assert (customer["address"], customer["phone"], customer["description"]) == (None, None, None)
    session = at(fake).v1.checkout.sessions.retrieve(attempt.session_id or "")
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"attempt": str(attempt.key), "bill": bill.number}
    assert (session.amount_total, session.currency, session.locale) == (1200, "eur", "en")


def test_pressing_again_leads_to_the_same_page(fake: FakeStripe) -> None:
    bill = owed()
    assert press(bill).url == press(bill, NOW + timedelta(hours=1)).url
    assert (Attempt.objects.count(), Customer.objects.count(), len(at(fake).v1.checkout.sessions.list().data)) == (1, 1, 1)


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
def test_a_lost_answer_makes_no_second_page_and_no_second_customer(fake: FakeStripe, path: str) -> None:
    bill = owed()
    fake.controls.lose_answer(path=path)
    with pytest.raises(StripeUnanswered):
        press(bill)
    assert press(bill, NOW + timedelta(seconds=5)).state == "open"
    assert len(at(fake).v1.checkout.sessions.list().data) == 1
    assert len(at(fake).v1.customers.list().data) == 1


def test_an_answer_that_stripe_remembers_as_its_own_mistake_is_given_up_after_a_while(fake: FakeStripe) -> None:
    bill = owed()
    press(owed())  # so that the account was asked for
    fake.controls.fail_before(status=500, path="/v1/checkout/sessions", times=2)
    for seconds in (0, 5):
        with pytest.raises(StripeUnanswered):
            press(bill, NOW + timedelta(seconds=seconds))
    assert Attempt.objects.get(invoice=bill).state == "written"
    attempt = press(bill, NOW + ASKED_AGAIN + timedelta(seconds=1))
    assert (attempt.state, Attempt.objects.filter(invoice=bill, state="cancelled").count()) == ("open", 1)


def test_another_amount_ends_the_page_before(fake: FakeStripe) -> None:
    bill = owed()
    before = press(bill)
    known: dict[str, Any] = {"account": bill.account, "currency": "EUR", "received_on": NOW.date(), "means": "transfer"}
    take_in(amount_minor=200, reference="B-1", bills=[(bill, None)], operator=settings.OPERATOR, now=NOW, **known)
    after = press(bill)
    before.refresh_from_db()
    assert (before.state, after.state, after.amount_minor) == ("cancelled", "open", 1000)
    assert at(fake).v1.checkout.sessions.retrieve(before.session_id or "").status == "expired"


def test_who_paid_on_the_page_before_is_not_asked_again(fake: FakeStripe) -> None:
    """The other amount is seen when it is paid already, and nobody told us."""
    bill = owed()
    before = press(bill)
    known: dict[str, Any] = {"account": bill.account, "currency": "EUR", "received_on": NOW.date(), "means": "transfer"}
    take_in(amount_minor=200, reference="B-1", bills=[(bill, None)], operator=settings.OPERATOR, now=NOW, **known)
    fake.controls.pay(before.session_id or "")
    with pytest.raises(NothingOpen):
        press(bill)
    before.refresh_from_db()
    assert (before.state, paid_on(bill), before.receipt and before.receipt.kept_minor) == ("succeeded", 1200, 200)


def test_a_decline_is_no_end_while_the_page_is_open(fake: FakeStripe) -> None:
    attempt = press(owed())
    fake.controls.decline_next("insufficient_funds")
    fake.controls.pay(attempt.session_id or "")
    attempt = look(attempt)
    assert (attempt.state, attempt.code) == ("open", "insufficient_funds")
    fake.controls.pay(attempt.session_id or "")
    assert look(attempt).state == "succeeded"


def test_the_bank_asks_and_the_page_expires(fake: FakeStripe) -> None:
    attempt = press(owed())
    fake.controls.authenticate_next()
    fake.controls.pay(attempt.session_id or "", passed=False)
    assert look(attempt).state == "open"
    fake.controls.advance(hours=25)
    assert look(attempt).state == "cancelled"


def test_a_debit_is_on_its_way_for_days_and_then_settles(fake: FakeStripe) -> None:
    bill = owed()
    attempt = press(bill)
    fake.controls.pay(attempt.session_id or "", method="DE89370400440532013000")
    attempt = look(attempt)
    assert (attempt.state, paid_on(bill)) == ("processing", 0)
    with pytest.raises(OnItsWay):
        press(bill)
    fake.controls.settle(attempt.intent_id or "")
    attempt = look(attempt, NOW + timedelta(days=6))
    assert (attempt.state, paid_on(bill)) == ("succeeded", 1200)
    assert attempt.receipt is not None
    assert (attempt.receipt.means, attempt.receipt.received_on) == ("sepa_debit", (NOW + timedelta(days=6)).date())


def test_a_debit_that_fails_leaves_the_bill_open_and_is_told(fake: FakeStripe) -> None:
    bill = owed()
    attempt = press(bill)
    fake.controls.pay(attempt.session_id or "", method="DE89370400440532013000")
    attempt = look(attempt)
    fake.controls.fail_debit(attempt.intent_id or "")
    for _again in range(2):
        attempt = look(attempt)
    assert (attempt.state, attempt.code, paid_on(bill)) == ("failed", "insufficient_funds", 0)
    assert Letter.objects.filter(once__startswith="debit_failed").count() == 1
    assert press(bill).pk != attempt.pk


def test_what_is_late_or_old_changes_nothing(fake: FakeStripe) -> None:
    bill = owed()
    attempt = press(bill)
    fake.controls.pay(attempt.session_id or "", method="DE89370400440532013000")
    old = retrieved_intent(look(attempt).intent_id or "")
    fake.controls.settle(old.id)
    look(attempt)
    moved(attempt_id=attempt.pk, intent=old, operator=settings.OPERATOR, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, paid_on(bill)) == ("succeeded", 1200)


def test_money_that_came_for_an_attempt_that_was_given_up_is_booked(fake: FakeStripe) -> None:
    bill = owed()
    attempt = press(bill)
    fake.controls.pay(attempt.session_id or "")
    Attempt.objects.update(state="cancelled", url="")
    assert (look(attempt).state, paid_on(bill)) == ("succeeded", 1200)


def test_a_page_that_stripe_refuses_is_an_end(fake: FakeStripe) -> None:
    bill = owed()
    Customer.objects.create(account=bill.account, stripe_id="cus_gone", made_at=NOW)
    with pytest.raises(StripeRefused):
        press(bill)
    assert Attempt.objects.get().state == "failed"


def test_a_key_of_another_account_asks_for_nothing(fake: FakeStripe, settings: Any) -> None:
    stripe_on = settings.OPERATOR.stripe.model_copy(update={"account": "acct_other"})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"stripe": stripe_on})
    with pytest.raises(StripeOff, match=r"is of acct_\w+, stripe.account says acct_other"):
        press(owed())
    assert at(fake).v1.customers.list().data == []


def test_what_is_of_the_other_mode_is_refused(fake: FakeStripe, settings: Any) -> None:
    service = settings.OPERATOR.service.model_copy(update={"trial": False})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"service": service})
    with pytest.raises(StripeRefused, match="test mode"):
        press(owed())
    assert Customer.objects.count() == 0


def test_one_connection_is_used_again(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread's own; counted as the sockets that were opened."""
    opened = count_connections(monkeypatch)
    with reading():
        for _time in range(5):
            client().v1.customers.list()
    assert len(opened) == 1


def count_connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    from urllib3.connection import HTTPConnection

    opened: list[Any] = []
    connect = HTTPConnection.connect
    monkeypatch.setattr(HTTPConnection, "connect", lambda self: (opened.append(self), connect(self))[1])
    return opened


def test_a_session_that_keeps_nothing_open_would_be_seen(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = count_connections(monkeypatch)
    with reading():
        for _time in range(3):
            with Session(seconds=5) as session:
                session.get(fake.url + "/v1/account")
    assert len(opened) == 3


@pytest.mark.parametrize(
    ("minor", "currency", "there"), [(1200, "EUR", 1200), (1200, "JPY", 1200), (12340, "TND", 12340), (5, "ISK", 500)]
)
def test_amounts_go_there_and_back(minor: int, currency: str, there: int) -> None:
    assert at_stripe(minor=minor, currency=currency) == there
    assert from_stripe(amount=there, currency=currency.lower()) == minor


def test_an_amount_that_is_too_fine_is_refused() -> None:
    with pytest.raises(NotThere):
        at_stripe(minor=12345, currency="TND")
    with pytest.raises(NotThere):
        from_stripe(amount=550, currency="isk")


def test_a_page_of_a_bill_that_was_replaced_is_ended_first(fake: FakeStripe) -> None:
    bill = owed()
    before = press(bill)
    bill.account.name = "Atelier Vega"
    bill.account.save()
    instead = rectify(invoice=bill, reason="Wrong name", key="r-1", operator=settings.OPERATOR, now=NOW)
    after = press(bill)
    before.refresh_from_db()
    assert (before.state, after.state, after.invoice) == ("cancelled", "open", instead)
    fake.controls.pay(after.session_id or "")
    look(after)
    assert paid_on(instead) == 1200
