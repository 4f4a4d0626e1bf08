"""Every request that is answered: its method, its path, its parameters, and who carries it out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.stripe import account, balance, checkout, lists, payments, setups, wallets
from tests.fakes.stripe.forms import BOOL, INT, MAP, RANGE, STR
from tests.fakes.stripe.state import State, Thing

EXPAND = {"expand": [STR]}
ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), STR)
BILLING = {"address": ADDRESS, "email": STR, "name": STR, "phone": STR}
KINDS = [("card", "sepa_debit")]
MANDATE = {
    "customer_acceptance!": {
        "type!": ("online", "offline"),
        "accepted_at": INT,
        "online": {"ip_address!": STR, "user_agent!": STR},
        "offline": {},
    }
}
AUTOMATIC = {"enabled!": BOOL, "allow_redirects": ("always", "never")}
SECURE = {"card": {"request_three_d_secure": ("any", "automatic", "challenge")}}
LATER = ("off_session", "on_session")
CONFIRM = {
    "payment_method": STR,
    "return_url": STR,
    "mandate_data": MANDATE,
    "payment_method_options": {**SECURE, "sepa_debit": {"mandate_options": {"reference_prefix": STR}}},
}
CUSTOMER = {
    "address": ADDRESS,
    "description": STR,
    "email": STR,
    "invoice_settings": {"default_payment_method": STR},
    "metadata": MAP,
    "name": STR,
    "phone": STR,
    "preferred_locales": [STR],
    **EXPAND,
}
INTENT = {
    "description": STR,
    "metadata": MAP,
    "receipt_email": STR,
    "setup_future_usage": LATER,
    "statement_descriptor": STR,
    "statement_descriptor_suffix": STR,
}
SESSION = {
    "mode!": ("payment", "setup"),
    "success_url": STR,
    "cancel_url": STR,
    "customer": STR,
    "customer_email": STR,
    "customer_creation": ("always", "if_required"),
    "client_reference_id": STR,
    "currency": STR,
    "expires_at": INT,
    "locale": STR,
    "line_items": [
        {
            "price_data": {
                "currency!": STR,
                "unit_amount": INT,
                "product_data": {"name!": STR, "description": STR, "metadata": MAP},
            },
            "quantity": INT,
        }
    ],
    "metadata": MAP,
    "custom_text": {"submit": {"message!": STR}, "after_submit": {"message!": STR}},
    "billing_address_collection": ("auto", "required"),
    "payment_intent_data": {**INTENT, "capture_method": ("automatic", "automatic_async")},
    "payment_method_types": KINDS,
    "payment_method_options": {**SECURE, "sepa_debit": {"mandate_options": {"reference_prefix": STR}}},
    "setup_intent_data": {"description": STR, "metadata": MAP},
    "submit_type": ("auto", "pay"),
    "ui_mode": ("hosted_page",),
    **EXPAND,
}
METHOD = {
    "type!": ("card", "sepa_debit"),
    "card": {"number": STR, "token": STR, "exp_month": INT, "exp_year": INT, "cvc": STR},
    "sepa_debit": {"iban!": STR},
    "billing_details": BILLING,
    "allow_redisplay": ("always", "limited", "unspecified"),
    "metadata": MAP,
    **EXPAND,
}
REASON = ("abandoned", "duplicate", "requested_by_customer")

Act = Callable[[State, list[str], Thing], Thing]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    template: str
    params: dict[str, Any]
    act: Act


def _route(method: str, template: str, params: dict[str, Any], act: Act) -> Route:
    pattern = re.compile("^" + re.sub(r"\{\w+\}", "([^/]+)", template) + "$")
    return Route(method, pattern, template, params, act)


def _on(kind: str, param: str, act: Callable[[State, Thing, Thing], Thing]) -> Act:
    """Carried out on the object that the address names."""
    return lambda state, names, params: act(state, state.find(kind, names[0], param=param, status=404), params)


def _seen(kind: str, param: str) -> Act:
    return _on(kind, param, lambda state, thing, params: thing)


def _listed(kind: str, path: str, keep: tuple[str, ...] = ()) -> Act:
    return lambda state, names, params: lists.page(state, kind, params, url=path, keep=keep)


def _attach(state: State, names: list[str], params: Thing) -> Thing:
    method = wallets.state_method(state, names[0], status=404)
    return wallets.attach(state, method, state.find("customer", params["customer"], param="customer"))


def _methods(state: State, customer: str, params: Thing, url: str) -> Thing:
    state.find("customer", customer, param="customer")
    return lists.of(state, wallets.methods_of(state, customer, params.get("type")), params, url=url)


def _crud(kind: str, path: str, param: str, keep: dict[str, Any], *, dated: bool = True) -> list[Route]:
    """Retrieve one, list all, as each kind of object has it."""
    asked = lists.PAGE | keep | ({"created": RANGE} if dated else {})
    return [
        _route("GET", path + "/{id}", EXPAND, _seen(kind, param)),
        _route("GET", path, asked, _listed(kind, path, tuple(keep))),
    ]


PI, SI, CS, PM, CUS = "/v1/payment_intents", "/v1/setup_intents", "/v1/checkout/sessions", "/v1/payment_methods", "/v1/customers"
ROUTES = [
    # Customers and their payment methods
    _route("POST", CUS, CUSTOMER | {"payment_method": STR}, lambda state, names, params: wallets.create_customer(state, params)),
    _route("POST", CUS + "/{id}", CUSTOMER, _on("customer", "id", wallets.update_customer)),
    _route(
        "DELETE", CUS + "/{id}", {}, _on("customer", "id", lambda state, thing, params: wallets.delete_customer(state, thing))
    ),
    *_crud("customer", CUS, "id", {"email": STR}),
    _route(
        "GET",
        CUS + "/{id}/payment_methods",
        lists.PAGE | {"type": KINDS[0]},
        lambda state, names, params: _methods(state, names[0], params, f"{CUS}/{names[0]}/payment_methods"),
    ),
    _route("POST", PM, METHOD, lambda state, names, params: wallets.create_method(state, params)),
    _route("POST", PM + "/{id}/attach", {"customer!": STR, **EXPAND}, _attach),
    _route(
        "POST",
        PM + "/{id}/detach",
        EXPAND,
        _on("payment_method", "payment_method", lambda state, thing, params: wallets.detach(state, thing)),
    ),
    _route(
        "POST",
        PM + "/{id}",
        {name: METHOD[name] for name in ("billing_details", "allow_redisplay", "metadata", "expand")},
        _on("payment_method", "payment_method", wallets.update_method),
    ),
    _route("GET", PM + "/{id}", EXPAND, _seen("payment_method", "payment_method")),
    _route(
        "GET",
        PM,
        lists.PAGE | {"customer": STR, "type": KINDS[0]},
        lambda state, names, params: (
            _methods(state, params["customer"], params, PM)
            if params.get("customer")
            else lists.page(state, "payment_method", params, url=PM, keep=("type",))
        ),
    ),
    _route("GET", "/v1/mandates/{id}", EXPAND, _seen("mandate", "mandate")),
    # Intents
    _route(
        "POST",
        PI,
        INTENT
        | CONFIRM
        | {
            "amount!": INT,
            "currency!": STR,
            "automatic_payment_methods": AUTOMATIC,
            "capture_method": ("automatic", "automatic_async"),
            "confirm": BOOL,
            "customer": STR,
            "error_on_requires_action": BOOL,
            "off_session": BOOL,
            "payment_method_types": KINDS,
            **EXPAND,
        },
        lambda state, names, params: payments.create(state, params),
    ),
    _route("POST", PI + "/{id}", INTENT | {"amount": INT, **EXPAND}, _on("payment_intent", "intent", payments.update)),
    _route(
        "POST",
        PI + "/{id}/confirm",
        CONFIRM | {"off_session": BOOL, "error_on_requires_action": BOOL, **EXPAND},
        _on("payment_intent", "intent", payments.confirm),
    ),
    _route(
        "POST",
        PI + "/{id}/cancel",
        {"cancellation_reason": (*REASON, "fraudulent"), **EXPAND},
        _on("payment_intent", "intent", payments.cancel),
    ),
    *_crud("payment_intent", PI, "intent", {"customer": STR}),
    _route(
        "POST",
        SI,
        CONFIRM
        | {
            "automatic_payment_methods": AUTOMATIC,
            "confirm": BOOL,
            "customer": STR,
            "description": STR,
            "metadata": MAP,
            "payment_method_types": KINDS,
            "usage": LATER,
            **EXPAND,
        },
        lambda state, names, params: setups.create(state, params),
    ),
    _route("POST", SI + "/{id}/confirm", CONFIRM | EXPAND, _on("setup_intent", "intent", setups.confirm)),
    _route("POST", SI + "/{id}/cancel", {"cancellation_reason": REASON, **EXPAND}, _on("setup_intent", "intent", setups.cancel)),
    *_crud("setup_intent", SI, "intent", {"customer": STR, "payment_method": STR}),
    # Checkout
    _route("POST", CS, SESSION, lambda state, names, params: checkout.create(state, params)),
    _route(
        "POST",
        CS + "/{id}/expire",
        EXPAND,
        _on("checkout.session", "session", lambda state, thing, params: checkout.expire(state, thing)),
    ),
    _route(
        "GET",
        CS + "/{id}/line_items",
        lists.PAGE,
        _on(
            "checkout.session",
            "session",
            lambda state, thing, params: lists.of(
                state, state.hidden[thing["id"]]["line_items"], params, url=f"{CS}/{thing['id']}/line_items"
            ),
        ),
    ),
    *_crud(
        "checkout.session", CS, "session", {"customer": STR, "payment_intent": STR, "status": ("open", "complete", "expired")}
    ),
    # What became of the money
    *_crud("charge", "/v1/charges", "charge", {"customer": STR, "payment_intent": STR}),
    _route(
        "POST",
        "/v1/refunds",
        {
            "amount": INT,
            "charge": STR,
            "payment_intent": STR,
            "metadata": MAP,
            "reason": ("duplicate", "fraudulent", "requested_by_customer"),
            **EXPAND,
        },
        lambda state, names, params: balance.create_refund(state, params),
    ),
    *_crud("refund", "/v1/refunds", "refund", {"charge": STR, "payment_intent": STR}),
    _route(
        "POST",
        "/v1/disputes/{id}",
        {"evidence": MAP, "metadata": MAP, "submit": BOOL, **EXPAND},
        _on("dispute", "dispute", balance.update_dispute),
    ),
    _route(
        "POST",
        "/v1/disputes/{id}/close",
        EXPAND,
        _on("dispute", "dispute", lambda state, thing, params: balance.close_dispute(state, thing, won=False)),
    ),
    *_crud("dispute", "/v1/disputes", "dispute", {"charge": STR, "payment_intent": STR}),
    *_crud("balance_transaction", "/v1/balance_transactions", "id", {"currency": STR, "payout": STR, "source": STR, "type": STR}),
    *_crud("payout", "/v1/payouts", "payout", {"status": STR}),
    _route("GET", "/v1/balance", EXPAND, lambda state, names, params: account.balance(state)),
    # What happened
    *_crud("event", "/v1/events", "id", {"type": STR, "types": [STR], "delivery_success": BOOL}),
    # The account
    _route("GET", "/v1/account", EXPAND, lambda state, names, params: account.account(state)),
    _route(
        "POST",
        "/v1/webhook_endpoints",
        {"url!": STR, "enabled_events!": [STR], "api_version": STR, "description": STR, "metadata": MAP, **EXPAND},
        lambda state, names, params: account.create_endpoint(state, params),
    ),
    _route(
        "DELETE",
        "/v1/webhook_endpoints/{id}",
        {},
        _on("webhook_endpoint", "webhook_endpoint", lambda state, thing, params: account.delete_endpoint(state, thing)),
    ),
    *_crud("webhook_endpoint", "/v1/webhook_endpoints", "webhook_endpoint", {}, dated=False),
]


def routed(method: str, path: str) -> tuple[Route, list[str]] | None:
    for route in ROUTES:
        if route.method == method and (found := route.pattern.match(path)):
            return route, list(found.groups())
    return None
