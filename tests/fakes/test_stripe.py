"""The fake Stripe, driven by the SDK as the product drives it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

import pytest
import stripe

from tests.fakes.console import ROOT
from tests.fakes.stripe import FakeStripe, serving
from tests.fakes.stripe.state import VERSION

SECRET = "whsec_of_the_test"
ONLINE = {"customer_acceptance": {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "Firefox"}}}


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with serving() as fake:
        yield fake


@pytest.fixture
def client(fake: FakeStripe) -> stripe.StripeClient:
    return client_of(fake)


def client_of(fake: FakeStripe, **given: Any) -> stripe.StripeClient:
    return stripe.StripeClient(fake.key, base_addresses={"api": fake.url}, **{"max_network_retries": 0, **given})


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


class Receiver:
    """Takes webhooks, verifies them with the SDK, and answers with ``status``."""

    def __init__(self) -> None:
        self.events: list[stripe.Event] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET)
                except stripe.SignatureVerificationError:
                    self.send_error(400)
                    return
                receiver.events.append(event)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    made = client.v1.customers.create({"name": "Atelier Mira", "email": "mira@example.org", "metadata": {"account": "7"}})
    return made.id


def save(client: stripe.StripeClient, customer: str, card: str = "pm_card_visa") -> str:
    method = client.v1.payment_methods.attach(card, {"customer": customer})
    settings = {"invoice_settings": {"default_payment_method": method.id}}
    assert client.v1.customers.update(customer, settings).invoice_settings.default_payment_method == method.id
    return method.id


def charge(client: stripe.StripeClient, customer: str, method: str, key: str = "", **more: Any) -> stripe.PaymentIntent:
    """As a bill is charged with nobody there."""
    asked: Any = {
        "amount": 12_000,
        "currency": "eur",
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "description": "Bill F2026-00042",
        "metadata": {"bill": "F2026-00042"},
        "expand": ["latest_charge.balance_transaction"],
        **more,
    }
    return client.v1.payment_intents.create(asked, {"idempotency_key": key} if key else {})


def account_of(client: stripe.StripeClient, customer: str, iban: str) -> str:
    """A bank account with its mandate, saved."""
    details: Any = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": iban},
        "billing_details": {"name": "Atelier Mira", "email": "mira@example.org"},
    }
    method = client.v1.payment_methods.create(details)
    asked: Any = {
        "customer": customer,
        "payment_method": method.id,
        "payment_method_types": ["sepa_debit"],
        "confirm": True,
        "mandate_data": ONLINE,
    }
    setup = client.v1.setup_intents.create(asked)
    assert (setup.status, client.v1.mandates.retrieve(str(setup.mandate)).status) == ("succeeded", "active")
    return method.id


def session_for(client: stripe.StripeClient, customer: str, **more: Any) -> stripe.checkout.Session:
    asked: Any = {
        "mode": "payment",
        "customer": customer,
        "success_url": "http://127.0.0.1:1/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/bill",
        "client_reference_id": "F2026-00042",
        "payment_method_types": ["card", "sepa_debit"],
        "line_items": [
            {
                "price_data": {"currency": "eur", "unit_amount": 12_000, "product_data": {"name": "Bill F2026-00042"}},
                "quantity": 1,
            }
        ],
        "payment_intent_data": {"metadata": {"bill": "F2026-00042"}, "setup_future_usage": "off_session"},
        **more,
    }
    return client.v1.checkout.sessions.create(asked)


# --- Cards ---
def test_it_charges_a_saved_card_and_books_the_fee_a_moment_later(client: stripe.StripeClient, customer: str) -> None:
    paid = charge(client, customer, save(client, customer))
    assert (paid.status, paid.amount_received, paid.metadata["bill"]) == ("succeeded", 12_000, "F2026-00042")
    assert paid.latest_charge.balance_transaction is None  # it is booked after the answer, as capture is asynchronous
    booked = client.v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge.balance_transaction"]})
    money = booked.latest_charge.balance_transaction
    assert (money.amount, money.fee, money.net, money.status) == (12_000, 205, 11_795, "pending")
    assert [one.id for one in client.v1.charges.list({"payment_intent": paid.id}).data] == [booked.latest_charge.id]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_decline_is_an_error_that_holds_the_intent(
    client: stripe.StripeClient, customer: str, card: str, code: str, decline_code: str
) -> None:
    method = save(client, customer, card)
    with pytest.raises(stripe.CardError) as caught:
        charge(client, customer, method)
    error = caught.value.error
    assert (caught.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    left = client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (left.status, left.payment_method, left.last_payment_error.payment_method.id) == (
        "requires_payment_method",
        None,
        method,
    )
    assert client.v1.payment_intents.cancel(left.id, {"cancellation_reason": "abandoned"}).status == "canceled"


def test_a_card_refused_by_its_bank_is_not_saved_and_one_taken_off_never_comes_back(
    client: stripe.StripeClient, customer: str
) -> None:
    with pytest.raises(stripe.CardError, match="insufficient funds"):
        client.v1.payment_methods.attach("pm_card_chargeDeclinedInsufficientFunds", {"customer": customer})
    method = save(client, customer)
    client.v1.payment_methods.detach(method)
    assert client.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None
    assert client.v1.payment_methods.list({"customer": customer}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(method, {"customer": customer})


# --- What goes wrong between us ---
def test_a_key_replays_its_answer_even_an_error_for_a_day(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    method = save(client, customer)
    first, again = charge(client, customer, method, key="a"), charge(client, customer, method, key="a")
    assert first.id == again.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        charge(client, customer, method, key="a", amount=1)
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: bogus"):
        charge(client, customer, method, key="b", bogus=1)
    fake.controls.decline_next()
    for _try in range(2):
        with pytest.raises(stripe.CardError):
            charge(client, customer, method, key="b")
    fake.controls.advance(hours=25)
    assert charge(client, customer, method, key="b").status == "succeeded"
    assert len(client.v1.payment_intents.list({"limit": 100}).data) == 3


def test_two_at_once_with_one_key_are_carried_out_once(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    method = save(client, customer)
    fake.controls.slow(60)
    done: list[stripe.PaymentIntent | stripe.StripeError] = []

    def send() -> None:
        try:
            done.append(charge(client, customer, method, key="same"))
        except stripe.StripeError as error:
            done.append(error)

    both = [threading.Thread(target=send) for _each in range(2)]
    for thread in both:
        thread.start()
    until(lambda: len(done) == 1)  # the one that came second does not wait for the other
    fake.controls.slow(0)
    fake.faults.let_go.set()
    for thread in both:
        thread.join()
    refused, made = done
    assert isinstance(refused, stripe.APIError)
    assert isinstance(made, stripe.PaymentIntent)
    assert (refused.http_status, refused.error.code) == (409, "idempotency_key_in_use")
    assert [one.id for one in client.v1.payment_intents.list().data] == [made.id]


@pytest.mark.parametrize("late", [False, True])
def test_an_answer_that_is_lost_was_carried_out_all_the_same(fake: FakeStripe, customer: str, *, late: bool) -> None:
    patient = client_of(fake)
    method = save(patient, customer)
    hasty = client_of(fake, http_client=stripe.RequestsClient(timeout=0.5))
    if late:
        fake.controls.answer_late(60, path="/v1/payment_intents")
    else:
        fake.controls.lose_answer(path="/v1/payment_intents")
    with pytest.raises(stripe.APIConnectionError):
        charge(hasty, customer, method, key="k")
    until(lambda: len(patient.v1.payment_intents.list().data) == 1)
    [made] = patient.v1.payment_intents.list().data
    assert charge(patient, customer, method, key="k").id == made.id


def test_an_error_after_the_work_is_what_the_key_remembers(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    method = save(client, customer)
    fake.controls.fail_before(503)
    fake.controls.fail_after()
    for _try in range(3):
        with pytest.raises(stripe.APIError):
            charge(client, customer, method, key="k")
    assert [one.status for one in client.v1.payment_intents.list().data] == ["succeeded"]


def test_wrong_requests_are_refused_by_name(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    def refused(error: type[stripe.StripeError], act: Any) -> tuple[int | None, str | None, str | None]:
        with pytest.raises(error) as caught:
            act()
        return caught.value.http_status, caught.value.code, getattr(caught.value, "param", None)

    wrong = stripe.InvalidRequestError
    create: Any = client.v1.payment_intents.create
    assert refused(wrong, lambda: create({"currency": "eur"})) == (400, "parameter_missing", "amount")
    assert refused(wrong, lambda: create({"amount": "x", "currency": "eur"})) == (400, "parameter_invalid_integer", "amount")
    assert refused(wrong, lambda: client.v1.customers.create({"address": {"planet": "M"}})) == (
        400,
        "parameter_unknown",
        "address[planet]",
    )
    assert refused(wrong, lambda: client.v1.customers.retrieve("cus_no")) == (404, "resource_missing", "id")
    assert refused(wrong, lambda: create({"amount": 49, "currency": "eur"})) == (400, "amount_too_small", "amount")
    assert refused(wrong, lambda: client.v1.customers.retrieve(customer, {"expand": ["name"]}))[0] == 400
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": fake.url})
    assert refused(stripe.AuthenticationError, lambda: other.v1.customers.list())[0] == 401


# --- Money back ---
def test_refunds_never_exceed_the_charge_and_may_fail_later(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    paid = charge(client, customer, save(client, customer))
    part = client.v1.refunds.create({"payment_intent": paid.id, "amount": 5_000, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than unrefunded amount on charge \(7000\)"):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 7_001})
    client.v1.refunds.create({"charge": paid.latest_charge.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": paid.latest_charge.id})
    assert caught.value.code == "charge_already_refunded"
    fake.controls.fail_refund(part.id)
    failed = client.v1.refunds.retrieve(part.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_balance_transaction.net) == ("failed", 5_000)
    whole = client.v1.charges.retrieve(paid.latest_charge.id, {"expand": ["refunds"]})
    assert (whole.amount_refunded, whole.refunded, len(whole.refunds.data)) == (7_000, False, 2)


def test_a_payout_takes_what_is_available_and_adds_up(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    method = save(client, customer)
    first, second = charge(client, customer, method), charge(client, customer, method)
    dispute = fake.controls.open_dispute(second.latest_charge.id)
    client.v1.refunds.create({"payment_intent": first.id, "amount": 1_000})
    fake.controls.close_dispute(dispute["id"], won=True)
    fake.controls.advance(days=7)
    late = charge(client, customer, method)
    payout = fake.controls.pay_out()
    lines = client.v1.balance_transactions.list({"payout": payout["id"], "limit": 100}).data
    assert sum(line.net for line in lines if line.type != "payout") == payout["amount"] == 2 * 11_795 - 1_000 - 2_000
    assert sorted(line.reporting_category for line in lines) == sorted(
        ["charge", "charge", "refund", "dispute", "dispute_reversal", "payout"]
    )
    assert late.latest_charge.id not in [line.source for line in lines]
    fake.controls.advance(days=1)
    assert client.v1.payouts.retrieve(payout["id"]).status == "paid"


# --- SEPA ---
@pytest.mark.parametrize(
    ("iban", "status", "net"),
    [("FR1420041010050500013M02606", "succeeded", 11_965), ("FR8420041010050500013M02607", "requires_payment_method", -35)],
)
def test_a_debit_is_under_way_for_days(
    fake: FakeStripe, client: stripe.StripeClient, customer: str, iban: str, status: str, net: int
) -> None:
    begun = charge(client, customer, account_of(client, customer, iban))
    assert (begun.status, begun.latest_charge.status, begun.latest_charge.id[:3]) == ("processing", "pending", "py_")
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        client.v1.payment_intents.cancel(begun.id)
    fake.controls.advance(days=3)
    assert client.v1.payment_intents.retrieve(begun.id).status == "processing"
    fake.controls.advance(days=5)
    assert client.v1.payment_intents.retrieve(begun.id).status == status
    assert sum(one.net for one in client.v1.balance_transactions.list({"source": begun.latest_charge.id}).data) == net


# --- Webhooks ---
def test_events_arrive_signed_in_order_and_again_until_taken(
    fake: FakeStripe, client: stripe.StripeClient, customer: str, receiver: Receiver
) -> None:
    assert stripe.api_version == VERSION
    method = save(client, customer)
    fake.controls.hooks_to(receiver.url, SECRET)
    receiver.status = 500
    paid = charge(client, customer, method, key="k")
    until(lambda: len(receiver.events) >= 2)
    receiver.status = 200
    fake.controls.wait()
    assert set(receiver.types) == {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"}
    assert len(receiver.types) > len(set(receiver.types))
    event = next(event for event in receiver.events if event.type == "payment_intent.succeeded")
    assert (event.data.object.id, event.livemode, event.request.idempotency_key) == (paid.id, False, "k")
    listed = client.v1.events.list({"types": ["payment_intent.succeeded"], "created": {"gte": event.created}}).data
    assert [(one.id, one.pending_webhooks) for one in listed] == [(event.id, 0)]


def test_webhooks_are_lost_doubled_reordered_and_forged_on_demand(
    fake: FakeStripe, client: stripe.StripeClient, customer: str, receiver: Receiver
) -> None:
    fake.controls.hooks_to(receiver.url, SECRET, ["customer.updated", "customer.deleted"])
    fake.controls.drop("customer.updated")
    client.v1.customers.update(customer, {"name": "lost"})
    fake.controls.duplicate("customer.updated")
    client.v1.customers.update(customer, {"name": "twice"})
    fake.controls.wait()
    assert [event.data.object.name for event in receiver.events] == ["twice", "twice"]
    assert receiver.events[0].id == receiver.events[1].id
    assert receiver.events[0].data.previous_attributes.name == "lost"
    fake.controls.hold()
    client.v1.customers.update(customer, {"name": "third"})
    client.v1.customers.delete(customer)
    fake.controls.release("reversed")
    fake.controls.wait()
    assert receiver.types[2:] == ["customer.deleted", "customer.updated"]
    fake.controls.forge("customer.updated", {"id": "cus_x", "object": "customer"}, account="acct_other", livemode=True)
    fake.controls.forge("customer.updated", {"id": "cus_y", "object": "customer"}, age=400)  # older than the SDK takes
    until(lambda: len(fake.controls.deliveries()) >= 6)
    assert (receiver.events[-1].account, receiver.events[-1].livemode) == ("acct_other", True)
    assert fake.controls.deliveries()[-1]["status"] == 400


# --- Checkout ---
def test_a_session_is_paid_by_its_person_and_its_intent_exists_only_then(
    fake: FakeStripe, client: stripe.StripeClient, customer: str
) -> None:
    session = session_for(client, customer, expand=["line_items"])
    assert (session.payment_intent, session.amount_total, len(session.line_items.data)) == (None, 12_000, 1)
    assert fake.controls.pay(session.id, "pm_card_authenticationRequired", passed=False)["status"] == "open"
    fake.controls.pay(session.id, "pm_card_authenticationRequiredOnSetup")
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.payment_method"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.payment_intent.metadata["bill"] == "F2026-00042"
    assert done.payment_intent.payment_method.customer == customer
    assert charge(client, customer, done.payment_intent.payment_method.id).status == "succeeded"  # set up by the person
    with pytest.raises(stripe.InvalidRequestError, match="complete"):
        client.v1.checkout.sessions.expire(session.id)


def test_sessions_expire_and_debits_end_days_after_the_page(fake: FakeStripe, client: stripe.StripeClient, customer: str) -> None:
    called, left, debit = (session_for(client, customer) for _each in range(3))
    assert client.v1.checkout.sessions.expire(called.id).status == "expired"
    assert fake.controls.pay(debit.id, "FR1420041010050500013M02606")["payment_status"] == "unpaid"
    fake.controls.advance(days=1)
    assert client.v1.checkout.sessions.retrieve(left.id).status == "expired"
    fake.controls.advance(days=9)
    assert client.v1.checkout.sessions.retrieve(debit.id).payment_status == "paid"
    types = [event.type for event in client.v1.events.list({"type": "checkout.session.*", "limit": 100}).data]
    assert types == [
        "checkout.session.async_payment_succeeded",
        "checkout.session.expired",
        "checkout.session.completed",
        "checkout.session.expired",
    ]


@pytest.mark.browser
def test_a_browser_pays_saves_and_leaves(fake: FakeStripe, client: stripe.StripeClient, customer: str, browser: Any) -> None:
    back = f"{fake.url}/back"
    urls = {"success_url": back + "?session={CHECKOUT_SESSION_ID}", "cancel_url": f"{fake.url}/left"}
    paying = session_for(client, customer, **urls)
    saving = client.v1.checkout.sessions.create({"mode": "setup", "currency": "eur", "customer": customer, **urls})
    page = browser.new_page()
    page.goto(paying.url)
    page.check("[value=pm_card_chargeDeclined]")
    page.click("#pay")
    assert page.inner_text("[role=alert]") == "Your card was declined."
    page.click("#cancel")
    assert page.url == f"{fake.url}/left"
    page.goto(paying.url)
    page.check("[value=pm_card_authenticationRequired]")
    page.click("#pay")
    page.click("#complete")
    assert page.url == f"{back}?session={paying.id}"
    page.goto(str(saving.url))
    page.check("[value=sepa_debit]")
    page.click("#pay")
    assert page.url == f"{back}?session={saving.id}"
    page.close()
    assert client.v1.checkout.sessions.retrieve(paying.id).payment_status == "paid"
    methods = client.v1.payment_methods.list({"customer": customer}).data
    assert [method.type for method in methods] == ["sepa_debit", "card"]


# --- Lists, and the controls by HTTP ---
def test_it_can_be_served_without_the_test_tools() -> None:
    code = "import sys, tests.fakes.stripe; print({'pytest', 'django'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_lists_come_in_pages_and_the_controls_by_http(fake: FakeStripe, client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(5)]
    asked = Request(f"{fake.url}/_control/advance", json.dumps({"hours": 1}).encode(), {"Content-Type": "application/json"})
    with urlopen(asked, timeout=5) as answer:
        later = json.loads(answer.read())
    made.append(client.v1.customers.create({"name": "later"}).id)
    assert [one.id for one in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert [one.id for one in client.v1.customers.list({"created": {"gte": later}}).data] == made[-1:]
    before = client.v1.customers.list({"ending_before": made[0], "limit": 2})
    assert ([one.id for one in before.data], before.has_more) == ([made[2], made[1]], True)
