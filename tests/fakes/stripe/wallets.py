"""Customers, their payment methods and mandates."""

from __future__ import annotations

import re

from tests.fakes.stripe import objects
from tests.fakes.stripe.cards import ACCOUNTS, BY_NUMBER, CARDS, DECLINED, OWN_CODE, Account, Card
from tests.fakes.stripe.errors import Refused, StripeError, declined
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.state import State, Thing

ONLINE = {"ip_address": "127.0.0.1", "user_agent": "Chromium"}
SPENT = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be"
    " used again."
)


# --- Customers ---
def create_customer(state: State, params: Thing) -> Thing:
    _check_email(params)
    thing = state.add(objects.customer(state, **params | {"metadata": merged({}, params.get("metadata", {}))}))
    if method := params.get("payment_method"):
        attach(state, state_method(state, method), thing)
    _settle_default(state, thing, params)
    state.emit("customer.created", thing)
    return thing


def _check_email(params: Thing) -> None:
    if params.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+", params["email"]):
        raise StripeError(400, f"Invalid email address: {params['email']}", code="email_invalid", param="email")


def update_customer(state: State, thing: Thing, params: Thing) -> Thing:
    _check_email(params)
    new = {name: params[name] for name in ("description", "email", "name", "phone") if name in params}
    if "preferred_locales" in params:
        new["preferred_locales"] = params["preferred_locales"] or []
    if "address" in params:
        new["address"] = objects.address(params["address"]) if params["address"] else None
    if "metadata" in params:
        new["metadata"] = merged(thing["metadata"], params["metadata"])
    settings = dict(thing["invoice_settings"])
    _settle_default(state, thing, params)
    new["invoice_settings"], thing["invoice_settings"] = thing["invoice_settings"], settings
    state.change("customer.updated", thing, **new)
    return thing


def _settle_default(state: State, thing: Thing, params: Thing) -> None:
    given = params.get("invoice_settings") or {}
    if "default_payment_method" not in given:
        return
    method = given["default_payment_method"]
    if (
        method is not None
        and state.find("payment_method", method, param="invoice_settings[default_payment_method]")["customer"] != thing["id"]
    ):
        raise StripeError(
            400,
            f"The customer does not have a payment method with the ID {method}. The payment method must be attached to the"
            " customer.",
            code="resource_missing",
            param="invoice_settings[default_payment_method]",
        )
    thing["invoice_settings"] = thing["invoice_settings"] | {"default_payment_method": method}


def delete_customer(state: State, thing: Thing) -> Thing:
    for method in methods_of(state, thing["id"]):
        detach(state, method)
    state.emit("customer.deleted", thing)
    gone = {"id": thing["id"], "object": "customer", "deleted": True}
    state.things["customer"][thing["id"]] = gone
    return gone


# --- Payment methods ---
def create_method(state: State, params: Thing) -> Thing:
    """A SEPA debit from its IBAN, or a card from a test number or token.

    :raises Refused: without what its type needs.
    """
    params = params | {"metadata": merged({}, params.get("metadata", {}))}
    kind = params["type"]
    if not params.get(kind):
        raise Refused(f"Missing required param: {kind}.", param=kind, code="parameter_missing")
    if kind == "card":
        given = params["card"]
        card = BY_NUMBER.get(given.get("number", "")) or CARDS.get(f"pm_card_{given.get('token', '').removeprefix('tok_')}")
        if card is None:
            raise StripeError(402, "Your card number is incorrect.", kind="card_error", code="incorrect_number", param="number")
        return new_card(state, card, params)
    for needed in ("name", "email"):
        if not (params.get("billing_details") or {}).get(needed):
            param = f"billing_details[{needed}]"
            raise Refused(f"Missing required param: {param}.", param=param, code="parameter_missing")
    return new_account(state, account_of(params["sepa_debit"]["iban"]), params)


def account_of(iban: str) -> Account:
    """:raises StripeError: for what does not look like an IBAN."""
    plain = iban.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        raise StripeError(400, f"The bank account number ({iban}) is not a valid IBAN.", code="invalid_bank_account_iban")
    return ACCOUNTS.get(plain) or Account(plain, "some account")


def new_card(state: State, card: Card, params: Thing | None = None) -> Thing:
    thing = objects.payment_method(state, "card", **params or {}) | {"card": objects.card_details(card)}
    return state.add(thing, card=card, spent=False, set_up=False)


def new_account(state: State, account: Account, params: Thing | None = None) -> Thing:
    thing = objects.payment_method(state, "sepa_debit", **params or {}) | {"sepa_debit": objects.sepa_details(account)}
    return state.add(thing, account=account, spent=False, set_up=False)


def state_method(state: State, name: str, *, param: str = "payment_method", status: int = 400) -> Thing:
    """A payment method by its id; a test card's name makes a new one, as at Stripe."""
    if name in CARDS:
        return new_card(state, CARDS[name])
    return state.find("payment_method", name, param=param, status=status)


def attach(state: State, method: Thing, customer: Thing) -> Thing:
    """:raises StripeError: for one that was used up or is another's, and for a card that its bank refuses already here."""
    if method["customer"] == customer["id"]:
        return method
    hidden = state.hidden[method["id"]]
    if method["customer"]:
        raise StripeError(400, "The payment method you provided has already been attached to a customer.", param="payment_method")
    if hidden["spent"]:
        raise StripeError(400, SPENT, param="payment_method")
    card = hidden.get("card")
    if card and card.declines and not card.attaches:
        raise card_error(card.declines)
    method["customer"] = customer["id"]
    state.emit("payment_method.attached", method)
    return method


def detach(state: State, method: Thing) -> Thing:
    if not method["customer"]:
        raise StripeError(
            400,
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    owner = state.things["customer"][method["customer"]]
    before = {"customer": method["customer"]}
    method["customer"], state.hidden[method["id"]]["spent"] = None, True
    settings = owner.get("invoice_settings")
    if settings and settings["default_payment_method"] == method["id"]:
        state.change("customer.updated", owner, invoice_settings=settings | {"default_payment_method": None})
    state.emit("payment_method.detached", method, before)
    return method


def update_method(state: State, method: Thing, params: Thing) -> Thing:
    new: Thing = {}
    if "metadata" in params:
        new["metadata"] = merged(method["metadata"], params["metadata"])
    if params.get("allow_redisplay"):
        new["allow_redisplay"] = params["allow_redisplay"]
    if details := params.get("billing_details"):
        new["billing_details"] = method["billing_details"] | details
        new["billing_details"]["address"] = objects.address(new["billing_details"]["address"])
    state.change("payment_method.updated", method, **new)
    return method


def methods_of(state: State, customer: str, kind: str | None = None) -> list[Thing]:
    return [
        method for method in state.newest("payment_method") if method["customer"] == customer and kind in (None, method["type"])
    ]


def card_error(reason: str, **more: object) -> StripeError:
    code = reason if reason in OWN_CODE else "card_declined"
    hint = {} if reason in ("lost_card", "stolen_card") else {"advice_code": "try_again_later"}
    return declined(DECLINED.get(reason, "Your card was declined."), code=code, decline_code=reason, **hint, **more)


# --- Mandates ---
def mandate_for(state: State, method: Thing, params: Thing) -> Thing:
    """The one in force for this account, else a new one, taken as given in ``mandate_data`` or on the hosted page."""
    known = standing_mandate(state, method)
    if known:
        return known
    given = (params.get("mandate_data") or {}).get("customer_acceptance") or {"type": "online", "online": ONLINE}
    acceptance = {"accepted_at": given.get("accepted_at") or state.now(), "type": given["type"]}
    if given["type"] == "online":
        acceptance["online"] = {"ip_address": None, "user_agent": None} | (given.get("online") or {})
    else:
        acceptance["offline"] = {}
    options = (params.get("payment_method_options") or {}).get("sepa_debit") or {}
    prefix = (options.get("mandate_options") or {}).get("reference_prefix") or ""
    return state.add(objects.mandate(state, method, acceptance, prefix))


def standing_mandate(state: State, method: Thing) -> Thing | None:
    found = (one for one in state.newest("mandate") if one["payment_method"] == method["id"] and one["status"] == "active")
    return next(found, None)
