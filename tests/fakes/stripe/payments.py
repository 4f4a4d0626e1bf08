"""Payment intents and the charges that they make: https://docs.stripe.com/payments/paymentintents/lifecycle."""

from __future__ import annotations

import copy
from urllib.parse import urlencode

from tests.fakes.stripe import balance, objects, wallets
from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.state import State, Thing

LEAST = {"eur": 50, "usd": 50, "gbp": 30, "chf": 50, "jpy": 50}
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
UNAUTHENTICATED = "The provided PaymentMethod has failed authentication."


# --- The intent ---
def create(state: State, params: Thing) -> Thing:
    """:raises StripeError: among others 402, with the intent that was made all the same."""
    check_amount(params["amount"], params["currency"].lower())
    if not params.get("confirm"):
        for name in ("off_session", "error_on_requires_action", "return_url", "mandate_data", "mandate"):
            if params.get(name):
                raise StripeError(400, f"You can only pass `{name}` when confirm=true.", param=name)
    if params.get("customer"):
        state.find("customer", params["customer"], param="customer")
    method = wallets.state_method(state, params["payment_method"]) if params.get("payment_method") else None
    _check_owner(method, params.get("customer"))
    given = params | _types(params)
    given |= {"currency": params["currency"].lower(), "metadata": merged({}, params.get("metadata", {}))}
    if method:
        given["payment_method"] = method["id"]
    intent = state.add(objects.payment_intent(state, **given), session=None, off_session=False)
    state.emit("payment_intent.created", intent)
    return confirm(state, intent, params | {"payment_method": None}) if params.get("confirm") else intent


def check_amount(amount: int, currency: str) -> None:
    least = LEAST.get(currency)
    if least is None:
        raise StripeError(400, f"Invalid currency: {currency}. This fake knows {', '.join(LEAST)}.", param="currency")
    if amount < least:
        raise StripeError(
            400,
            f"Amount must be at least {least / 100:.2f} {currency}",
            code="amount_too_small",
            param="amount",
        )
    if amount > 99_999_999:
        raise StripeError(400, "Amount must be no more than 999,999.99", code="amount_too_large", param="amount")


def _types(params: Thing) -> Thing:
    """Which kinds it takes: those named, else those of the account ("automatic", the default since 2023-08-16)."""
    automatic = params.get("automatic_payment_methods")
    if params.get("payment_method_types"):
        if automatic and automatic["enabled"]:
            raise StripeError(
                400,
                "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
                param="payment_method_types",
            )
        return {"payment_method_types": params["payment_method_types"], "automatic_payment_methods": None}
    if automatic and not automatic["enabled"]:
        return {"payment_method_types": ["card"], "automatic_payment_methods": None}
    kinds = ["card", "sepa_debit"] if params.get("currency", "eur").lower() == "eur" else ["card"]
    allow = (automatic or {}).get("allow_redirects") or "always"
    return {"payment_method_types": kinds, "automatic_payment_methods": {"allow_redirects": allow, "enabled": True}}


def _check_owner(method: Thing | None, customer: str | None) -> None:
    if method and method["customer"] and method["customer"] != customer:
        raise StripeError(
            400,
            f"The provided PaymentMethod {method['id']} belongs to a Customer. Please include that Customer in the `customer`"
            " parameter on the PaymentIntent.",
            param="payment_method",
        )


def update(state: State, intent: Thing, params: Thing) -> Thing:
    if intent["status"] not in CONFIRMABLE and set(params) & {"amount", "customer", "payment_method"}:
        raise unexpected(intent, "update")
    if "amount" in params:
        check_amount(params["amount"], intent["currency"])
    plain = ("amount", "description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix")
    new = {name: params[name] for name in plain if name in params}
    if "metadata" in params:
        new["metadata"] = merged(intent["metadata"], params["metadata"])
    intent.update(new)  # Stripe has no event for this
    return intent


def cancel(state: State, intent: Thing, params: Thing, *, by_session: bool = False) -> Thing:
    """:raises StripeError: for one that is paid, on its way or canceled, or belongs to an open Checkout Session."""
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "cancel")
    session = state.get(state.hidden[intent["id"]]["session"])
    if session and session["status"] == "open" and not by_session:
        raise StripeError(
            400, "You cannot cancel this PaymentIntent because it was created by a Checkout Session: expire that instead."
        )
    intent.update(
        status="canceled",
        canceled_at=state.now(),
        cancellation_reason=params.get("cancellation_reason"),
        next_action=None,
    )
    state.emit("payment_intent.canceled", intent)
    return intent


def unexpected(intent: Thing, what: str) -> StripeError:
    return StripeError(
        400,
        f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=copy.deepcopy(intent),
    )


# --- Confirming ---
def confirm(state: State, intent: Thing, params: Thing) -> Thing:
    """:raises StripeError: 402 when it is declined, or wants a person who is not there."""
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "confirm")
    if params.get("payment_method"):
        intent["payment_method"] = wallets.state_method(state, params["payment_method"])["id"]
    if not intent["payment_method"]:
        raise StripeError(
            400,
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=copy.deepcopy(intent),
        )
    method = state.find("payment_method", intent["payment_method"], param="payment_method")
    _check_usable(state, intent, method, params)
    state.hidden[intent["id"]]["off_session"] = bool(params.get("off_session"))
    intent["last_payment_error"], intent["next_action"] = None, None
    forced = state.take_forced()
    if method["type"] == "sepa_debit":
        return _debit(state, intent, method, params, forced)
    hidden = state.hidden[method["id"]]
    card = hidden["card"]
    asks = forced == "authentication" or card.authentication == "always"
    if asks or (card.authentication == "setup" and not hidden["set_up"]):
        if params.get("off_session") or params.get("error_on_requires_action"):
            raise failed(state, intent, method, "authentication_required")
        return _ask_person(state, intent, params.get("return_url"))
    return _charge(state, intent, method, forced or card.declines)


def _check_usable(state: State, intent: Thing, method: Thing, params: Thing) -> None:
    _check_owner(method, intent["customer"])
    if method["type"] not in intent["payment_method_types"]:
        raise StripeError(
            400,
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.",
            code="payment_intent_incompatible_payment_method",
            param="payment_method",
        )
    if state.hidden[method["id"]]["spent"]:
        raise StripeError(400, wallets.SPENT, param="payment_method")
    automatic = intent["automatic_payment_methods"]
    redirects = automatic and automatic["allow_redirects"] == "always"
    if redirects and not (params.get("off_session") or params.get("return_url") or params.get("hosted")):
        raise StripeError(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment"
            " methods might redirect your customer off of your page, you must provide a `return_url`.",
        )


def _ask_person(state: State, intent: Thing, return_url: str | None) -> Thing:
    intent["status"] = "requires_action"
    page = f"{state.url}/3ds/{intent['id']}"
    if return_url:
        intent["next_action"] = {
            "redirect_to_url": {"return_url": return_url, "url": page},
            "type": "redirect_to_url",
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"stripe_js": page, "type": "three_d_secure_redirect"},
        }
    state.emit("payment_intent.requires_action", intent)
    return intent


def authenticate(state: State, intent: Thing, *, passed: bool) -> Thing:
    """What the person's bank said.

    :raises StripeError: 402 when it declined after all.
    """
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = state.find("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if passed:
        return _charge(state, intent, method, state.hidden[method["id"]]["card"].declines, authenticated=True)
    error = StripeError(402, UNAUTHENTICATED, code="payment_intent_authentication_failure")
    _fall_back(state, intent, method, error)
    return intent


def back_from_bank(intent: Thing, return_url: str) -> str:
    good = intent["status"] in ("succeeded", "processing")
    told = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if good else "failed",
    }
    return f"{return_url}{'&' if '?' in return_url else '?'}{urlencode(told)}"


# --- Cards ---
def _charge(state: State, intent: Thing, method: Thing, refusal: str, *, authenticated: bool = False) -> Thing:
    if refusal and refusal != "authentication":
        raise failed(state, intent, method, refusal)
    hidden = state.hidden[method["id"]]
    details = objects.charged_card(hidden["card"], intent["amount"], authenticated=authenticated)
    charge = state.add(objects.charge(state, intent, method, details, status="succeeded", outcome=objects.outcome()))
    if intent["capture_method"] == "automatic":
        charge["balance_transaction"] = balance.book_charge(state, charge)["id"]
    else:
        state.later(state.now(), lambda: state.change("charge.updated", charge, balance_transaction=_booked(state, charge)))
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    _keep_method(state, intent, method)
    state.emit("charge.succeeded", charge)
    state.emit("payment_intent.succeeded", intent)
    if hidden["card"].disputed:
        reason = hidden["card"].disputed
        state.later(state.now(), lambda: balance.open_dispute(state, charge, reason=reason) and None)
    return intent


def _booked(state: State, charge: Thing) -> str:
    booked: str = balance.book_charge(state, charge)["id"]
    return booked


def _keep_method(state: State, intent: Thing, method: Thing) -> None:
    """Saved with the customer where that was asked for; else it is used up, unless it is saved already."""
    hidden = state.hidden[method["id"]]
    if intent["setup_future_usage"] and intent["customer"]:
        hidden["set_up"] = True
        if not method["customer"]:
            method["customer"] = intent["customer"]
            state.emit("payment_method.attached", method)
    elif not method["customer"] and not intent["setup_future_usage"]:
        hidden["spent"] = True


def failed(state: State, intent: Thing, method: Thing, reason: str) -> StripeError:
    """Record the charge that did not come about; the error to answer with, with the intent in it."""
    error = wallets.card_error(reason)
    details = objects.charged_card(state.hidden[method["id"]]["card"], intent["amount"], authenticated=False)
    charge = objects.charge(state, intent, method, details, status="failed", outcome=objects.outcome(reason=reason))
    charge.update(failure_code=error.body["code"], failure_message=error.body["message"])
    intent["latest_charge"] = state.add(charge)["id"]
    error.body["charge"] = charge["id"]
    state.emit("charge.failed", charge)
    _fall_back(state, intent, method, error)
    return error


def _fall_back(state: State, intent: Thing, method: Thing, error: StripeError) -> None:
    """Back to wanting a payment method, with why."""
    error.body["payment_method"] = copy.deepcopy(method)
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        processing=None,
        last_payment_error=copy.deepcopy(error.body),
    )
    error.body["payment_intent"] = copy.deepcopy(intent)
    state.emit("payment_intent.payment_failed", intent)


# --- SEPA debits ---
def _debit(state: State, intent: Thing, method: Thing, params: Thing, forced: str) -> Thing:
    if intent["currency"] != "eur":
        raise StripeError(400, "The currency must be eur for a payment method of type sepa_debit.", param="currency")
    mandate = wallets.standing_mandate(state, method)
    if mandate is None:
        if not (params.get("mandate_data") or params.get("hosted")):
            raise StripeError(
                400,
                "You cannot confirm this PaymentIntent without a mandate: provide `mandate_data`.",
                code="payment_intent_mandate_invalid",
            )
        mandate = wallets.mandate_for(state, method, params)
    account = state.hidden[method["id"]]["account"]
    details = objects.charged_sepa(account, mandate["id"])
    charge = objects.charge(state, intent, method, details, status="pending", outcome=objects.outcome())
    charge["outcome"]["seller_message"] = "Payment pending."
    state.add(charge)
    charge["balance_transaction"] = balance.book_charge(state, charge)["id"]
    intent.update(status="processing", latest_charge=charge["id"], processing=None)
    _keep_method(state, intent, method)
    state.emit("charge.pending", charge)
    state.emit("payment_intent.processing", intent)
    at = state.now() + 180 if account.soon else state.business_days(state.sepa_days)
    fails = account.ends == "failed" or forced
    state.later(at, lambda: fail_debit(state, intent) if fails else settle(state, intent))
    return intent


def settle(state: State, intent: Thing) -> None:
    """The bank paid. Nothing happens to one that is not on its way."""
    if intent["status"] != "processing":
        return
    charge = state.find("charge", intent["latest_charge"])
    charge.update(status="succeeded", paid=True, receipt_url=f"{state.url}/receipts/{charge['id']}")
    charge["outcome"]["seller_message"] = "Payment complete."
    intent.update(status="succeeded", amount_received=intent["amount"])
    state.emit("charge.succeeded", charge)
    state.emit("payment_intent.succeeded", intent)
    _tell_session(state, intent)
    account = state.hidden[charge["payment_method"]]["account"]
    if account.disputed:
        balance.open_dispute(state, charge, reason="debit_not_authorized")


def fail_debit(state: State, intent: Thing, code: str = "insufficient_funds") -> None:
    """The bank did not pay. Nothing happens to one that is not on its way."""
    if intent["status"] != "processing":
        return
    charge = state.find("charge", intent["latest_charge"])
    words = f"The debit was returned by the customer's bank: {code.replace('_', ' ')}."
    outcome = objects.outcome(reason=code)
    charge.update(status="failed", paid=False, captured=False, amount_captured=0, failure_code=code, outcome=outcome)
    charge["failure_message"] = words
    balance.book_failure(state, charge)
    state.emit("charge.failed", charge)
    error = StripeError(402, words, kind="card_error", code=code, charge=charge["id"])
    _fall_back(state, intent, state.find("payment_method", charge["payment_method"]), error)
    _tell_session(state, intent)


def _tell_session(state: State, intent: Thing) -> None:
    session = state.get(state.hidden[intent["id"]]["session"])
    if session is None:
        return
    good = intent["status"] == "succeeded"
    session["payment_status"] = "paid" if good else "unpaid"
    state.emit(f"checkout.session.async_payment_{'succeeded' if good else 'failed'}", session)
