"""Setup intents: saving a payment method for later, with the person there to authenticate."""

from __future__ import annotations

import copy

from tests.fakes.stripe import objects, wallets
from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.payments import CONFIRMABLE, UNAUTHENTICATED
from tests.fakes.stripe.state import State, Thing


def create(state: State, params: Thing) -> Thing:
    """:raises StripeError: among others 402, with the intent that was made all the same."""
    if params.get("customer"):
        state.find("customer", params["customer"], param="customer")
    method = wallets.state_method(state, params["payment_method"]) if params.get("payment_method") else None
    if params.get("return_url") and not params.get("confirm"):
        raise StripeError(400, "You can only pass `return_url` when confirm=true.", param="return_url")
    kinds = params.get("payment_method_types")
    automatic = {"allow_redirects": "always", "enabled": True} | (params.get("automatic_payment_methods") or {})
    given = params | {
        "metadata": merged({}, params.get("metadata", {})),
        "payment_method": method["id"] if method else None,
        "payment_method_types": kinds or ["card", "sepa_debit"],
        "automatic_payment_methods": None if kinds else automatic,
    }
    intent = state.add(objects.setup_intent(state, **given), session=None)
    state.emit("setup_intent.created", intent)
    return confirm(state, intent, params | {"payment_method": None}) if params.get("confirm") else intent


def confirm(state: State, intent: Thing, params: Thing) -> Thing:
    """:raises StripeError: 402 when the card is declined."""
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "confirm")
    if params.get("payment_method"):
        intent["payment_method"] = wallets.state_method(state, params["payment_method"])["id"]
    if not intent["payment_method"]:
        raise unexpected(intent, "confirm")
    method = state.find("payment_method", intent["payment_method"], param="payment_method")
    if state.hidden[method["id"]]["spent"]:
        raise StripeError(400, wallets.SPENT, param="payment_method")
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] == "always" and not (params.get("return_url") or params.get("hosted")):
        raise StripeError(
            400, "This SetupIntent accepts payment methods that might redirect your customer: you must provide a `return_url`."
        )
    if method["type"] == "sepa_debit":
        if not (params.get("mandate_data") or params.get("hosted")):
            raise StripeError(400, "This SetupIntent requires a mandate: provide `mandate_data`.", param="mandate_data")
        intent["mandate"] = wallets.mandate_for(state, method, params)["id"]
        return _succeed(state, intent, method)
    card = state.hidden[method["id"]]["card"]
    forced = state.take_forced()
    if forced == "authentication" or card.authentication:
        return _ask_person(state, intent, params.get("return_url"))
    if forced or (card.declines and not card.attaches):
        raise _failed(state, intent, method, wallets.card_error(forced or card.declines))
    return _succeed(state, intent, method)


def _ask_person(state: State, intent: Thing, return_url: str | None) -> Thing:
    page = f"{state.url}/3ds/{intent['id']}"
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": page, "type": "three_d_secure_redirect"}}
    if return_url:
        intent["next_action"] = {"redirect_to_url": {"return_url": return_url, "url": page}, "type": "redirect_to_url"}
    state.emit("setup_intent.requires_action", intent)
    return intent


def authenticate(state: State, intent: Thing, *, passed: bool) -> Thing:
    """What the person's bank said."""
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = state.find("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if passed:
        return _succeed(state, intent, method)
    _failed(state, intent, method, StripeError(402, UNAUTHENTICATED, code="setup_intent_authentication_failure"))
    return intent


def _succeed(state: State, intent: Thing, method: Thing) -> Thing:
    state.hidden[method["id"]]["set_up"] = True
    if intent["customer"] and not method["customer"]:
        method["customer"] = intent["customer"]
        state.emit("payment_method.attached", method)
    intent.update(status="succeeded", last_setup_error=None)
    state.emit("setup_intent.succeeded", intent)
    return intent


def _failed(state: State, intent: Thing, method: Thing, error: StripeError) -> StripeError:
    error.body["payment_method"] = copy.deepcopy(method)
    intent.update(status="requires_payment_method", payment_method=None, last_setup_error=copy.deepcopy(error.body))
    error.body["setup_intent"] = copy.deepcopy(intent)
    state.emit("setup_intent.setup_failed", intent)
    return error


def cancel(state: State, intent: Thing, params: Thing) -> Thing:
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "cancel")
    reason = params.get("cancellation_reason")
    intent.update(status="canceled", cancellation_reason=reason, next_action=None)
    state.emit("setup_intent.canceled", intent)
    return intent


def unexpected(intent: Thing, what: str) -> StripeError:
    return StripeError(
        400,
        f"You cannot {what} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=copy.deepcopy(intent),
    )
