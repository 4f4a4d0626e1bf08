"""The objects as Stripe's published description has them, with every field that it always sends."""

from __future__ import annotations

from typing import Any

from tests.fakes.stripe.cards import Account, Card
from tests.fakes.stripe.state import DAY, State, Thing

NOWHERE = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def address(given: Thing | None) -> Thing:
    return NOWHERE | (given or {})


def billing_details(given: Thing | None) -> Thing:
    given = given or {}
    plain = {name: given.get(name) for name in ("email", "name", "phone", "tax_id")}
    return {"address": address(given.get("address")), **plain}


def customer(state: State, **given: Any) -> Thing:
    name = state.new_id("cus")
    return {
        "id": name,
        "object": "customer",
        "address": address(given["address"]) if given.get("address") else None,
        "balance": 0,
        "created": state.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "discount": None,
        "email": given.get("email"),
        "invoice_prefix": name[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "name": given.get("name"),
        "next_invoice_sequence": 1,
        "phone": given.get("phone"),
        "preferred_locales": given.get("preferred_locales") or [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def payment_method(state: State, kind: str, **given: Any) -> Thing:
    return {
        "id": state.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": given.get("allow_redisplay") or "unspecified",
        "billing_details": billing_details(given.get("billing_details")),
        "created": state.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "type": kind,
    }


def card_details(card: Card) -> Thing:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": 8,
        "exp_year": 2034,
        "fingerprint": f"fp{card.number[-14:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def sepa_details(account: Account) -> Thing:
    return {
        "bank_code": account.bank_code,
        "branch_code": "",
        "country": account.country,
        "fingerprint": f"fp{account.iban[-14:]}",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": account.iban[-4:],
    }


def mandate(state: State, method: Thing, acceptance: Thing, prefix: str) -> Thing:
    name = state.new_id("mandate")
    reference = prefix + name[-16:].upper()
    return {
        "id": name,
        "object": "mandate",
        "customer_acceptance": acceptance,
        "livemode": False,
        "multi_use": {},
        "payment_method": method["id"],
        "payment_method_details": {
            "sepa_debit": {"reference": reference, "url": f"{state.url}/mandates/{reference}"},
            "type": "sepa_debit",
        },
        "status": "active",
        "type": "multi_use",
    }


def setup_intent(state: State, **given: Any) -> Thing:
    name = state.new_id("seti")
    return {
        "id": name,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": given.get("automatic_payment_methods"),
        "cancellation_reason": None,
        "client_secret": f"{name}_secret_{state.new_id('x')[2:]}",
        "created": state.now(),
        "customer": given.get("customer"),
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": given.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": given.get("payment_method"),
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}},
        "payment_method_types": given["payment_method_types"],
        "single_use_mandate": None,
        "status": "requires_confirmation" if given.get("payment_method") else "requires_payment_method",
        "usage": given.get("usage") or "off_session",
    }


def payment_intent(state: State, **given: Any) -> Thing:
    name = state.new_id("pi")
    return {
        "id": name,
        "object": "payment_intent",
        "amount": given["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": given.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": given.get("capture_method") or "automatic_async",
        "client_secret": f"{name}_secret_{state.new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": state.now(),
        "currency": given["currency"],
        "customer": given.get("customer"),
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": given.get("payment_method"),
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": given["payment_method_types"],
        "processing": None,
        "receipt_email": given.get("receipt_email"),
        "review": None,
        "setup_future_usage": given.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
        "status": "requires_confirmation" if given.get("payment_method") else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def charge(state: State, intent: Thing, method: Thing, details: Thing, *, status: str, outcome: Thing) -> Thing:
    """``status`` is succeeded, pending or failed."""
    good = status == "succeeded"
    name = state.new_id("ch" if method["type"] == "card" else "py")
    return {
        "id": name,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if status == "failed" else intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"] or "FAKE",
        "captured": status != "failed",
        "created": state.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": outcome,
        "paid": good,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {method["type"]: details, "type": method["type"]},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{state.url}/receipts/{name}" if good else None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }


def outcome(*, reason: str = "", blocked: bool = False) -> Thing:
    good = not reason
    return {
        "advice_code": None if good else "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None if good else "01",
        "network_status": "approved_by_network" if good else "declined_by_network",
        "reason": reason or None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete." if good else "The bank returned a decline.",
        "type": "authorized" if good else "issuer_declined",
    }


def charged_card(card: Card, amount: int, *, authenticated: bool) -> Thing:
    kept = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
        "wallet",
    )
    details = {name: value for name, value in card_details(card).items() if name in kept}
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": "3a9b1f0e-0000-4000-8000-000000000000",
        "version": "2.2.0",
    }
    return details | {
        "amount_authorized": amount,
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": "104102978678771",
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": secure if authenticated else None,
        "transaction_link_id": None,
    }


def charged_sepa(account: Account, mandate_id: str | None) -> Thing:
    kept = {name: value for name, value in sepa_details(account).items() if name != "generated_from"}
    return kept | {"mandate": mandate_id}


def balance_transaction(
    state: State, source: Thing, kind: str, amount: int, *, fee: int = 0, category: str = "", days: int = 3, about: str = ""
) -> Thing:
    """``amount`` and ``fee`` in minor units, both as they change the balance (a fee takes away)."""
    available = state.now() if days == 0 else state.business_days(days) // DAY * DAY
    fees = [{"amount": fee, "application": None, "currency": source["currency"], "description": about, "type": "stripe_fee"}]
    return {
        "id": state.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available,
        "balance_type": "payments",
        "created": state.now(),
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": category or kind,
        "source": source["id"],
        "status": "available" if available <= state.now() else "pending",
        "type": kind,
    }


def refund(state: State, of: Thing, **given: Any) -> Thing:
    card = "card" in of["payment_method_details"]
    destination: Thing = {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"}
    return {
        "id": state.new_id("re" if card else "pyr"),
        "object": "refund",
        "amount": given["amount"],
        "balance_transaction": None,
        "charge": of["id"],
        "created": state.now(),
        "currency": of["currency"],
        "destination_details": destination if card else {"type": "sepa_debit"},
        "metadata": given.get("metadata") or {},
        "payment_intent": of["payment_intent"],
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }


EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]


def dispute(state: State, of: Thing, *, amount: int, reason: str, status: str) -> Thing:
    thing: Thing = {
        "id": state.new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": of["id"],
        "created": state.now(),
        "currency": of["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": state.now() // DAY * DAY + 9 * DAY - 1,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": of["payment_intent"],
        "reason": reason,
        "status": status,
    }
    if card := of["payment_method_details"].get("card"):
        details = {"brand": card["brand"], "case_type": "chargeback", "network": card["network"], "network_reason_code": "10.4"}
        thing["payment_method_details"] = {"card": details, "type": "card"}
    return thing


def payout(state: State, *, amount: int, currency: str) -> Thing:
    return {
        "id": state.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": state.now() // DAY * DAY + DAY,
        "automatic": True,
        "balance_transaction": None,
        "created": state.now(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": state.new_id("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }
