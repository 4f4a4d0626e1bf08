"""Every request that the fake Stripe knows, sent once by the SDK: what ``make conformance`` holds to Stripe's description."""

from __future__ import annotations

from typing import Any

import stripe

from tests.fakes.stripe import FakeStripe, serving
from tests.fakes.stripe.routes import ROUTES

ONLINE = {"customer_acceptance": {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "Firefox"}}}
ADDRESS = {"line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR"}


def test_every_request_that_it_knows_is_answered() -> None:
    with serving() as fake:
        client = stripe.StripeClient(fake.key, base_addresses={"api": fake.url}, max_network_retries=0)
        customer = wallet(client.v1)
        intents(fake, client.v1, customer)
        sessions(client.v1, customer)
        money(fake, client.v1, customer)
        around(client.v1, customer)
        answered = {(one.method, one.template) for one in fake.asked if one.status == 200}
        assert {(route.method, route.template) for route in ROUTES} - answered == set()
        assert {one.template for one in fake.asked if one.status >= 500} == set()


def wallet(v1: Any) -> str:
    asked = {"name": "Mira", "email": "mira@example.org", "phone": "+33100000000", "description": "account 7", "address": ADDRESS}
    customer = v1.customers.create({**asked, "preferred_locales": ["fr"], "metadata": {"account": "7"}})
    v1.customers.update(customer.id, {"metadata": {"account": "", "other": "8"}, "address": {**ADDRESS, "line2": "B"}})
    assert v1.customers.retrieve(customer.id).metadata.to_dict() == {"other": "8"}
    v1.customers.list({"email": "mira@example.org", "limit": 3, "created": {"gte": 1}})
    details = {"name": "Mira", "email": "mira@example.org", "address": ADDRESS}
    debit = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}, "billing_details": details}
    method = v1.payment_methods.create({**debit, "metadata": {"a": "b"}, "allow_redisplay": "always"})
    setup = v1.setup_intents.create(
        {"customer": customer.id, "payment_method": method.id, "payment_method_types": ["sepa_debit"]}
    )
    setup = v1.setup_intents.confirm(setup.id, {"mandate_data": ONLINE, "expand": ["mandate"]})
    assert v1.mandates.retrieve(setup.mandate.id).payment_method_details.sepa_debit.reference
    card = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 8, "exp_year": 2034, "cvc": "314"}}
    other = v1.payment_methods.create(card)
    v1.payment_methods.attach(other.id, {"customer": customer.id})
    v1.payment_methods.update(other.id, {"billing_details": {"name": "M."}, "metadata": {"c": "d"}})
    v1.payment_methods.retrieve(method.id)
    v1.payment_methods.list({"customer": customer.id, "type": "card", "limit": 2})
    v1.customers.payment_methods.list(customer.id, {"type": "card"})
    v1.payment_methods.detach(other.id)
    return str(customer.id)


def intents(fake: FakeStripe, v1: Any, customer: str) -> None:
    setup = v1.setup_intents.create(
        {
            "customer": customer,
            "usage": "off_session",
            "payment_method_types": ["card"],
            "metadata": {"a": "b"},
            "description": "x",
        }
    )
    card = "pm_card_authenticationRequired"
    v1.setup_intents.confirm(setup.id, {"payment_method": card, "return_url": "http://127.0.0.1:1/"})
    fake.controls.authenticate(setup.id)
    assert v1.setup_intents.retrieve(setup.id, {"expand": ["payment_method"]}).payment_method.customer == customer
    other = v1.setup_intents.create(
        {
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "payment_method_options": {"card": {"request_three_d_secure": "any"}},
        }
    )
    v1.setup_intents.cancel(other.id, {"cancellation_reason": "abandoned"})
    v1.setup_intents.list({"customer": customer, "limit": 1})
    asked = {"amount": 1_000, "currency": "eur", "customer": customer, "receipt_email": "mira@example.org"}
    kinds = {"payment_method_types": ["card"], "setup_future_usage": "off_session", "statement_descriptor_suffix": "BILL"}
    intent = v1.payment_intents.create({**asked, **kinds, "capture_method": "automatic"})
    v1.payment_intents.update(intent.id, {"amount": 1_100, "metadata": {"bill": "1"}, "description": "Bill 1"})
    v1.payment_intents.confirm(intent.id, {"payment_method": card, "return_url": "http://127.0.0.1:1/"})
    fake.controls.authenticate(intent.id)
    paid = v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction", "payment_method"]})
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    other = v1.payment_intents.create({**asked, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}})
    v1.payment_intents.cancel(other.id)
    v1.payment_intents.list({"customer": customer, "created": {"gte": 1, "lt": 9_999_999_999}, "expand": ["data.latest_charge"]})


def sessions(v1: Any, customer: str) -> None:
    urls = {"success_url": "http://127.0.0.1:1/{CHECKOUT_SESSION_ID}", "cancel_url": "http://127.0.0.1:1/", "locale": "fr"}
    price = {"currency": "eur", "unit_amount": 1_000, "product_data": {"name": "Bill 1", "description": "October"}}
    paying = v1.checkout.sessions.create(
        {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "submit_type": "pay",
            "customer_email": "mira@example.org",
            "customer_creation": "always",
            "line_items": [{"price_data": price, "quantity": 1}],
            "payment_intent_data": {"description": "Bill 1", "metadata": {"bill": "1"}, "receipt_email": "mira@example.org"},
            "payment_method_options": {"sepa_debit": {"mandate_options": {"reference_prefix": "BILL-"}}},
            "custom_text": {"submit": {"message": "You pay bill 1."}},
            "billing_address_collection": "auto",
            "metadata": {"bill": "1"},
            **urls,
        }
    )
    v1.checkout.sessions.create(
        {
            "mode": "setup",
            "customer": customer,
            "payment_method_types": ["card", "sepa_debit"],
            "setup_intent_data": {"metadata": {"account": "7"}},
            "expand": ["setup_intent"],
            **urls,
        }
    )
    v1.checkout.sessions.line_items.list(paying.id, {"limit": 5})
    v1.checkout.sessions.expire(paying.id)
    assert v1.checkout.sessions.retrieve(paying.id, {"expand": ["line_items", "payment_intent"]}).status == "expired"
    v1.checkout.sessions.list({"customer": customer, "status": "open", "limit": 100})


def money(fake: FakeStripe, v1: Any, customer: str) -> None:
    method = v1.payment_methods.attach("pm_card_createDispute", {"customer": customer})
    asked = {"amount": 20_000, "currency": "eur", "customer": customer, "payment_method": method.id, "off_session": True}
    paid = v1.payment_intents.create({**asked, "confirm": True, "expand": ["latest_charge"]})
    charge = v1.charges.retrieve(paid.latest_charge.id, {"expand": ["balance_transaction", "refunds"]})
    v1.charges.list({"payment_intent": paid.id, "limit": 1})
    [dispute] = v1.disputes.list({"charge": charge.id, "created": {"gt": 1}}).data
    evidence = {"evidence": {"customer_name": "Mira", "uncategorized_text": "They used it."}, "submit": False}
    v1.disputes.update(dispute.id, {**evidence, "metadata": {"a": "b"}})
    v1.disputes.close(dispute.id)
    assert v1.disputes.retrieve(dispute.id, {"expand": ["charge"]}).charge.disputed
    french = v1.payment_methods.attach("pm_card_fr", {"customer": customer}).id
    again = v1.payment_intents.create({"amount": 20_000, "currency": "eur", "customer": customer})
    v1.payment_intents.confirm(again.id, {"payment_method": french, "off_session": True})
    refund = v1.refunds.create({"payment_intent": again.id, "metadata": {"credit": "A1"}, "reason": "requested_by_customer"})
    assert v1.refunds.retrieve(refund.id, {"expand": ["balance_transaction", "charge"]}).balance_transaction.net == -20_000
    v1.refunds.list({"charge": refund.charge, "limit": 1})
    fake.controls.advance(days=40)
    v1.payment_intents.create({**asked, "payment_method": french, "confirm": True})
    fake.controls.advance(days=10)
    payout = fake.controls.pay_out()
    v1.payouts.list({"status": "in_transit", "created": {"gte": 1}})
    assert v1.payouts.retrieve(payout["id"], {"expand": ["balance_transaction"]}).balance_transaction.net == -payout["amount"]
    first = v1.balance_transactions.list(
        {"payout": payout["id"], "type": "charge", "currency": "eur", "expand": ["data.source"]}
    ).data[0]
    v1.balance_transactions.retrieve(first.id)
    fake.controls.fail_payout(payout["id"])
    assert v1.balance.retrieve().available[0].amount == payout["amount"]


def around(v1: Any, customer: str) -> None:
    hook = v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/hooks", "enabled_events": ["*"], "description": "console"})
    assert hook.secret.startswith("whsec_")
    v1.webhook_endpoints.retrieve(hook.id)
    assert [one.to_dict().get("secret") for one in v1.webhook_endpoints.list({"limit": 3}).data] == [None]
    v1.webhook_endpoints.delete(hook.id)
    event = v1.events.list({"limit": 1, "type": "payment_intent.succeeded", "delivery_success": True}).data[0]
    assert v1.events.retrieve(event.id).data.object.object == "payment_intent"
    assert v1.accounts.retrieve_current().default_currency == "eur"
    assert v1.customers.delete(customer).deleted
    assert v1.customers.retrieve(customer).deleted
