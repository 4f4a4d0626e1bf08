"""Checkout Sessions, and what a person does on the page that they lead to."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.stripe import objects, payments, setups, wallets
from tests.fakes.stripe.cards import CARDS
from tests.fakes.stripe.errors import Refused, StripeError
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.state import State, Thing

HOUR = 3600


@dataclass(frozen=True)
class Choice:
    """What the person filled in: a test card by its name (``pm_card_visa``), an IBAN, or a saved one's id."""

    method: str
    name: str = "Mira Person"
    email: str = "mira@example.org"
    country: str = "FR"


# --- The API ---
def create(state: State, params: Thing) -> Thing:
    """:raises StripeError: for what does not go together."""
    mode = params["mode"]
    if not params.get("success_url"):
        raise Refused("Missing required param: success_url.", param="success_url", code="parameter_missing")
    _check_mode(params, mode)
    owner = state.find("customer", params["customer"], param="customer") if params.get("customer") else None
    now = state.now()
    expires = params.get("expires_at") or now + 24 * HOUR
    if not now + HOUR // 2 - 30 <= expires <= now + 24 * HOUR + 30:
        raise StripeError(
            400,
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    items = [_line(state, item) for item in params.get("line_items") or []]
    total = sum(item["amount_total"] for item in items)
    currency = items[0]["currency"] if items else params.get("currency")
    if mode == "payment":
        payments.check_amount(total, currency)
    session = state.add(
        _session(state, params, owner=owner, total=total, currency=currency, expires=expires),
        line_items=items,
        params=params,
        error="",
    )
    if mode == "setup":
        session["setup_intent"] = _setup_intent(state, session, params)["id"]
    state.later(expires, lambda: expire(state, session, due=True) and None)
    return session


def _check_mode(params: Thing, mode: str) -> None:
    if mode == "payment":
        if not params.get("line_items"):
            raise Refused("Missing required param: line_items.", param="line_items", code="parameter_missing")
        wrong = ("setup_intent_data",)
    else:
        wrong = ("line_items", "payment_intent_data", "submit_type")
        if not params.get("payment_method_types") and not params.get("currency"):
            raise StripeError(
                400, "You must provide `currency` in setup mode when using dynamic payment methods.", param="currency"
            )
    for name in wrong:
        if params.get(name):
            raise StripeError(400, f"You can not pass `{name}` in `{mode}` mode.", param=name)
    if params.get("customer"):
        for name in ("customer_email", "customer_creation"):
            if params.get(name):
                raise StripeError(400, f"You may only specify one of these parameters: customer, {name}.", param=name)


def _line(state: State, item: Thing) -> Thing:
    price, quantity = item["price_data"], item.get("quantity") or 1
    amount = price["unit_amount"] * quantity
    currency = price["currency"].lower()
    return {
        "id": state.new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": price["product_data"]["name"],
        "metadata": {},
        "price": {
            "id": state.new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": state.now(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": state.new_id("prod"),
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": quantity,
    }


def _session(state: State, params: Thing, *, owner: Thing | None, total: int, currency: str | None, expires: int) -> Thing:
    name = state.new_id("cs_test")
    paying = params["mode"] == "payment"
    kinds = params.get("payment_method_types") or (["card", "sepa_debit"] if currency == "eur" else ["card"])
    return {
        "id": name,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False} if paying else None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total if paying else None,
        "amount_total": total if paying else None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": state.now(),
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))
        | (params.get("custom_text") or {}),
        "customer": owner["id"] if owner else None,
        "customer_account": None,
        "customer_creation": None if owner else params.get("customer_creation") or "if_required",
        "customer_details": _customer_details(owner, None) if owner else None,
        "customer_email": params.get("customer_email"),
        "discounts": [] if paying else None,
        "expires_at": expires,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": merged({}, params.get("metadata", {})),
        "mode": params["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if paying else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": kinds,
        "payment_status": "unpaid" if paying else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if paying else None,
        "ui_mode": "hosted_page",
        "url": f"{state.url}/c/pay/{name}",
        "wallet_options": None,
    }


def _customer_details(owner: Thing | None, choice: Choice | None) -> Thing:
    found: Thing = {
        "address": (owner or {}).get("address") or objects.NOWHERE,
        "business_name": None,
        "email": (owner or {}).get("email"),
        "individual_name": None,
        "name": (owner or {}).get("name"),
        "phone": (owner or {}).get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }
    if choice:
        found["email"] = found["email"] or choice.email
        found["name"], found["address"] = choice.name, objects.address({"country": choice.country})
    return found


def _setup_intent(state: State, session: Thing, params: Thing) -> Thing:
    given = params.get("setup_intent_data") or {}
    made = {
        "customer": session["customer"],
        "description": given.get("description"),
        "metadata": given.get("metadata") or {},
        "payment_method_types": session["payment_method_types"],
    }
    intent = setups.create(state, made)
    state.hidden[intent["id"]]["session"] = session["id"]
    return intent


def expire(state: State, session: Thing, *, due: bool = False) -> Thing:
    """By its time (``due``) or by a call; an intent that it began is canceled.

    :raises StripeError: for one that is not open, when called.
    """
    if session["status"] != "open":
        if due:
            return session
        raise StripeError(
            400,
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" {session['status']}.",
        )
    session.update(status="expired", url=None)
    intent = state.get(session["payment_intent"])
    if intent and intent["status"] in payments.CONFIRMABLE:
        payments.cancel(state, intent, {"cancellation_reason": "abandoned"}, by_session=True)
    setup = state.get(session["setup_intent"])
    if setup and setup["status"] in payments.CONFIRMABLE:
        setups.cancel(state, setup, {"cancellation_reason": "abandoned"})
    state.emit("checkout.session.expired", session)
    return session


# --- The person ---
def submit(state: State, session: Thing, choice: Choice) -> Thing:
    """Pay or save with what was chosen; the session then is complete, or asks the person's bank, or has an error to show."""
    if session["status"] != "open":
        return session
    hidden = state.hidden[session["id"]]
    hidden["error"], hidden["choice"] = "", choice
    method = _method(state, choice)
    if method["type"] not in session["payment_method_types"]:
        raise StripeError(400, f"This session does not take {method['type']}.")
    here = {
        "payment_method": method["id"],
        "payment_method_options": hidden["params"].get("payment_method_options"),
        "hosted": True,
        "return_url": f"{state.url}/c/pay/{session['id']}",
    }
    try:
        if session["mode"] == "payment":
            intent = payments.confirm(state, _payment_intent(state, session, hidden["params"]), here)
        else:
            intent = setups.confirm(state, state.find("setup_intent", session["setup_intent"]), here)
    except StripeError as error:
        if error.status != 402:
            raise
        hidden["error"] = error.body["message"]
        return session
    return complete(state, session) if intent["status"] in ("succeeded", "processing") else session


def _method(state: State, choice: Choice) -> Thing:
    person = {"billing_details": {"name": choice.name, "email": choice.email, "address": {"country": choice.country}}}
    if choice.method in CARDS:
        return wallets.new_card(state, CARDS[choice.method], person)
    if choice.method in state.things["payment_method"]:
        return state.things["payment_method"][choice.method]
    return wallets.new_account(state, wallets.account_of(choice.method), person)


def _payment_intent(state: State, session: Thing, params: Thing) -> Thing:
    """Made when the person first presses "Pay", and kept over their attempts."""
    if session["payment_intent"]:
        return state.find("payment_intent", session["payment_intent"])
    if session["customer"] is None and session["customer_creation"] == "always":
        choice: Choice = state.hidden[session["id"]]["choice"]
        session["customer"] = wallets.create_customer(state, {"email": choice.email, "name": choice.name})["id"]
    given = params.get("payment_intent_data") or {}
    made = given | {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"],
        "payment_method_types": session["payment_method_types"],
    }
    intent = payments.create(state, made)
    state.hidden[intent["id"]]["session"] = session["id"]
    session["payment_intent"] = intent["id"]
    return intent


def authenticate(state: State, session: Thing, *, passed: bool) -> Thing:
    """What the person's bank said to the page."""
    hidden = state.hidden[session["id"]]
    try:
        if session["mode"] == "payment":
            intent = payments.authenticate(state, state.find("payment_intent", session["payment_intent"]), passed=passed)
        else:
            intent = setups.authenticate(state, state.find("setup_intent", session["setup_intent"]), passed=passed)
    except StripeError as error:
        hidden["error"] = error.body["message"]
        return session
    if intent["status"] == "succeeded":
        return complete(state, session)
    hidden["error"] = payments.UNAUTHENTICATED
    return session


def complete(state: State, session: Thing) -> Thing:
    choice = state.hidden[session["id"]]["choice"]
    intent = state.get(session["payment_intent"])
    paid = "paid" if intent and intent["status"] == "succeeded" else "unpaid"
    session.update(
        status="complete",
        url=None,
        payment_status=paid if session["mode"] == "payment" else "no_payment_required",
        customer_details=_customer_details(state.get(session["customer"]), choice),
    )
    state.emit("checkout.session.completed", session)
    return session


def success_url(session: Thing) -> str:
    """Where the person goes; Stripe replaces this one word in it."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
