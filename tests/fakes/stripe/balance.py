"""Balance transactions, refunds, disputes and payouts: what moves money after a payment."""

from __future__ import annotations

from tests.fakes.stripe import objects
from tests.fakes.stripe.errors import Refused, StripeError
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.state import State, Thing

SEPA_FEE, DISPUTE_FEE = 35, 2000
FEES = "Stripe processing fees"


def card_fee(amount: int) -> int:
    """1.5 % and 0.25, in minor units, half a unit rounded up."""
    return (amount * 15 + 500) // 1000 + 25


# --- Of a charge ---
def book_charge(state: State, charge: Thing) -> Thing:
    card = "card" in charge["payment_method_details"]
    fee = card_fee(charge["amount"]) if card else SEPA_FEE
    kind, days = ("charge", 3) if card else ("payment", state.sepa_days + 2)
    booked = objects.balance_transaction(state, charge, kind, charge["amount"], fee=fee, category="charge", days=days, about=FEES)
    return _book(state, booked)


def _book(state: State, booked: Thing) -> Thing:
    state.add(booked, payout=None)
    if booked["status"] == "pending":
        state.later(booked["available_on"], lambda: booked.update(status="available"))
    return booked


def book_failure(state: State, charge: Thing) -> None:
    """The money of a debit that failed goes back; the fee is not given back."""
    back = objects.balance_transaction(
        state, charge, "payment_failure_refund", -charge["amount"], category="charge_failure", days=0
    )
    charge["failure_balance_transaction"] = _book(state, back)["id"]


# --- Refunds ---
def create_refund(state: State, params: Thing) -> Thing:
    """:raises StripeError: for more than is left, and for a charge that brought nothing or is disputed."""
    charge = _charge_named(state, params)
    if charge["status"] != "succeeded":
        raise StripeError(400, f"The charge {charge['id']} has not succeeded and cannot be refunded.", param="charge")
    if charge["refunded"]:
        raise StripeError(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", param=_named_by(params)
        )
    if charge["disputed"] and not any(one["status"] == "won" for one in state.newest("dispute") if one["charge"] == charge["id"]):
        raise StripeError(400, f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if params.get("amount") is None else params["amount"]
    if amount <= 0:
        raise StripeError(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise StripeError(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    given = {"amount": amount, "reason": params.get("reason"), "metadata": merged({}, params.get("metadata", {}))}
    return _refund(state, charge, given)


def _named_by(params: Thing) -> str:
    return "charge" if params.get("charge") else "payment_intent"


def _charge_named(state: State, params: Thing) -> Thing:
    if not params.get("charge") and not params.get("payment_intent"):
        raise Refused("One of the following params should be provided for this request: payment_intent or charge.", param="")
    if params.get("charge"):
        return state.find("charge", params["charge"], param="charge")
    intent = state.find("payment_intent", params["payment_intent"], param="payment_intent")
    if not intent["latest_charge"]:
        raise StripeError(
            400, f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", param="payment_intent"
        )
    return state.find("charge", intent["latest_charge"])


def _refund(state: State, charge: Thing, given: Thing) -> Thing:
    refund = objects.refund(state, charge, **given)
    card = "card" in charge["payment_method_details"]
    kind = "refund" if card else "payment_refund"
    booked = objects.balance_transaction(state, refund, kind, -given["amount"], category="refund", days=0 if card else 3)
    refund["balance_transaction"] = _book(state, booked)["id"]
    method = state.hidden.get(charge["payment_method"]) or {}
    ends = method["card"].refund if card and "card" in method else "pending"
    if ends != "pending":
        refund["status"] = "succeeded"
    state.add(refund)
    total = charge["amount_refunded"] + given["amount"]
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"], "receipt_url": charge["receipt_url"]}
    charge.update(amount_refunded=total, refunded=total == charge["amount"])
    state.emit("refund.created", refund)
    state.emit("charge.refunded", charge, {name: old for name, old in before.items() if old != charge[name]})
    if ends == "pending":
        state.later(state.business_days(3), lambda: settle_refund(state, refund))
    if ends == "failed":
        state.later(state.business_days(3), lambda: fail_refund(state, refund))
    return refund


def settle_refund(state: State, refund: Thing) -> None:
    if refund["status"] == "pending":
        _change_refund(state, refund, "refund.updated", status="succeeded")


def fail_refund(state: State, refund: Thing, reason: str = "lost_or_stolen_card") -> Thing:
    """A refund can fail weeks after it was good: the money comes back to us."""
    if refund["status"] in ("failed", "canceled"):
        return refund
    charge = state.find("charge", refund["charge"])
    back = objects.balance_transaction(state, refund, "refund_failure", refund["amount"], category="refund_failure", days=0)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    new = {"status": "failed", "failure_reason": reason, "failure_balance_transaction": _book(state, back)["id"]}
    _change_refund(state, refund, "refund.failed", **new)
    return refund


def cancel_refund(state: State, refund: Thing) -> Thing:
    raise StripeError(400, f"Refund {refund['id']} cannot be canceled: it does not require action.")


def _change_refund(state: State, refund: Thing, name: str, **new: object) -> None:
    before = {field: refund.get(field) for field in new}
    refund.update(new)
    for event in dict.fromkeys(("refund.updated", name)):
        state.emit(event, refund, before if event == "refund.updated" else None)
    state.emit("charge.refund.updated", refund, before)


# --- Disputes ---
def open_dispute(state: State, charge: Thing, *, reason: str = "fraudulent", amount: int | None = None) -> Thing:
    """The disputed amount and a fee are taken at once. Of a SEPA debit the bank has decided already: it is lost."""
    card = "card" in charge["payment_method_details"]
    taken = charge["amount"] if amount is None else amount
    status = "needs_response" if card else "lost"
    dispute = objects.dispute(state, charge, amount=taken, reason=reason, status=status)
    booked = objects.balance_transaction(
        state, dispute, "adjustment", -taken, fee=DISPUTE_FEE, category="dispute", days=0, about="Dispute fee"
    )
    dispute["balance_transactions"] = [_book(state, booked)]
    state.add(dispute)
    charge["disputed"] = True
    state.emit("charge.dispute.created", dispute)
    state.emit("charge.dispute.funds_withdrawn", dispute)
    state.emit("charge.updated", charge, {"disputed": False})
    if not card:
        state.emit("charge.dispute.closed", dispute)
    return dispute


def close_dispute(state: State, dispute: Thing, *, won: bool) -> Thing:
    if dispute["status"] in ("won", "lost"):
        raise StripeError(400, "This dispute is already closed", code="charge_disputed")
    dispute["status"] = "won" if won else "lost"
    if won:
        back = objects.balance_transaction(state, dispute, "adjustment", dispute["amount"], category="dispute_reversal", days=0)
        dispute["balance_transactions"].append(_book(state, back))
    state.emit("charge.dispute.closed", dispute)
    if won:
        state.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def update_dispute(state: State, dispute: Thing, params: Thing) -> Thing:
    if dispute["status"] != "needs_response":
        raise StripeError(400, "This dispute is already closed or under review")
    new: Thing = {}
    if "metadata" in params:
        new["metadata"] = merged(dispute["metadata"], params["metadata"])
    if params.get("evidence"):
        new["evidence"] = dispute["evidence"] | params["evidence"]
        new["evidence_details"] = dispute["evidence_details"] | {"has_evidence": True}
    if new.get("evidence") and params.get("submit", True):
        new["status"] = "under_review"
        new["evidence_details"]["submission_count"] += 1
    state.change("charge.dispute.updated", dispute, **new)
    return dispute


# --- Payouts ---
def pay_out(state: State, *, currency: str = "eur") -> Thing:
    """All that is available and not paid out yet, to the bank; it arrives a day later.

    :raises StripeError: when nothing is.
    """
    ready = [
        one
        for one in state.newest("balance_transaction")
        if one["currency"] == currency
        and one["status"] == "available"
        and one["type"] != "payout"
        and state.hidden[one["id"]]["payout"] is None
    ]
    amount = sum(one["net"] for one in ready)
    if amount <= 0:
        raise StripeError(400, "You have insufficient funds in your Stripe account.", code="balance_insufficient")
    payout = objects.payout(state, amount=amount, currency=currency)
    own = _book(state, objects.balance_transaction(state, payout, "payout", -amount, days=0))
    payout["balance_transaction"] = own["id"]
    for one in (own, *ready):
        state.hidden[one["id"]]["payout"] = payout["id"]
    state.add(payout)
    state.emit("payout.created", payout)
    state.later(payout["arrival_date"], lambda: arrive(state, payout))
    return payout


def arrive(state: State, payout: Thing) -> None:
    if payout["status"] == "in_transit":
        payout["status"] = "paid"
        state.emit("payout.paid", payout)


def fail_payout(state: State, payout: Thing, code: str = "account_closed") -> Thing:
    """The bank sends it back: the amount is in the balance again."""
    back = objects.balance_transaction(state, payout, "payout_failure", payout["amount"], category="payout_reversal", days=0)
    payout.update(
        status="failed",
        failure_code=code,
        failure_message="The bank account has been closed.",
        failure_balance_transaction=_book(state, back)["id"],
    )
    state.emit("payout.failed", payout)
    return payout
