"""What a test, or the demo, does to this Stripe: the weather, the banks, the person at the page.

Every public method is also ``POST /_control/<name>`` with a JSON object of its arguments.
"""

from __future__ import annotations

import copy

from tests.fakes.stripe import account, balance, checkout, pages, payments
from tests.fakes.stripe.checkout import Choice
from tests.fakes.stripe.faults import Fault, Faults
from tests.fakes.stripe.hooks import Hooks, Spoil
from tests.fakes.stripe.state import DAY, VERSION, State, Thing

EVERYTHING = ["*"]


class Controls:
    def __init__(self, state: State, hooks: Hooks, faults: Faults) -> None:
        self._state, self._hooks, self._faults = state, hooks, faults

    # --- What the next payments come to ---
    def decline_next(self, reason: str = "generic_decline", times: int = 1) -> None:
        """The next attempts to pay or to save are declined; a debit fails after its days."""
        with self._state.lock:
            self._state.forced.extend([reason] * times)

    def authenticate_next(self, times: int = 1) -> None:
        """The bank wants to see the person at the next attempts, whatever the card."""
        self.decline_next("authentication", times)

    # --- The clock ---
    def advance(self, days: float = 0, hours: float = 0, seconds: float = 0) -> int:
        """Move this Stripe's clock; sessions expire, debits settle or fail, money becomes available. The new instant."""
        self._state.advance(days * DAY + hours * 3600 + seconds)
        return self._state.now()

    # --- The person at the hosted page ---
    def pay(self, session: str, method: str = "pm_card_visa", passed: bool = True, **person: str) -> Thing:
        """Fill in the page of a Checkout Session and press its button; ``passed`` is what the bank then says, if it asks."""
        with self._state.lock:
            self._state.run_due()
            found = self._state.find("checkout.session", session)
            checkout.submit(self._state, found, Choice(method, **person))
            intent = self._state.get(found["payment_intent"] or found["setup_intent"])
            if found["status"] == "open" and intent and intent["status"] == "requires_action":
                checkout.authenticate(self._state, found, passed=passed)
            return copy.deepcopy(found)

    def authenticate(self, intent: str, passed: bool = True) -> Thing:
        """Answer the bank's question about an intent that waits for it."""
        with self._state.lock:
            found = self._known(intent)
            pages.settle(self._state, found, passed=passed)
            return copy.deepcopy(found)

    # --- Banks ---
    def settle(self, payment_intent: str) -> Thing:
        """A SEPA debit that is processing succeeds now."""
        with self._state.lock:
            found = self._state.find("payment_intent", payment_intent)
            payments.settle(self._state, found)
            return copy.deepcopy(found)

    def fail_debit(self, payment_intent: str, code: str = "insufficient_funds") -> Thing:
        """A SEPA debit that is processing fails now."""
        with self._state.lock:
            found = self._state.find("payment_intent", payment_intent)
            payments.fail_debit(self._state, found, code)
            return copy.deepcopy(found)

    def open_dispute(self, charge: str, reason: str = "fraudulent", amount: int | None = None) -> Thing:
        with self._state.lock:
            self._state.run_due()
            found = self._state.find("charge", charge)
            return copy.deepcopy(balance.open_dispute(self._state, found, reason=reason, amount=amount))

    def close_dispute(self, dispute: str, won: bool) -> Thing:
        with self._state.lock:
            found = self._state.find("dispute", dispute)
            return copy.deepcopy(balance.close_dispute(self._state, found, won=won))

    def pay_out(self, currency: str = "eur") -> Thing:
        """Send what is available to our bank; see ``advance``, as nothing is at first. It arrives a day later."""
        with self._state.lock:
            self._state.run_due()
            return copy.deepcopy(balance.pay_out(self._state, currency=currency))

    def fail_payout(self, payout: str, code: str = "account_closed") -> Thing:
        with self._state.lock:
            return copy.deepcopy(balance.fail_payout(self._state, self._state.find("payout", payout), code))

    def fail_refund(self, refund: str, reason: str = "lost_or_stolen_card") -> Thing:
        """A refund that looked good comes back."""
        with self._state.lock:
            return copy.deepcopy(balance.fail_refund(self._state, self._state.find("refund", refund), reason))

    def revoke_mandate(self, mandate: str) -> Thing:
        """The account holder told their bank."""
        with self._state.lock:
            found = self._state.find("mandate", mandate)
            self._state.change("mandate.updated", found, status="inactive")
            return copy.deepcopy(found)

    # --- Webhooks ---
    def hooks_to(self, url: str, secret: str = "", events: list[str] = EVERYTHING) -> Thing:
        """Deliver events there; the endpoint with its secret."""
        with self._state.lock:
            return account.create_endpoint(self._state, {"url": url, "enabled_events": list(events)}, secret)

    def drop(self, type: str = "", times: int = 1) -> None:
        """The next events (of a type) are never delivered; the list of events has them."""
        self._hooks.spoils.append(Spoil("drop", type, times))

    def duplicate(self, type: str = "", times: int = 1, copies: int = 2) -> None:
        self._hooks.spoils.append(Spoil("duplicate", type, times, copies=copies))

    def delay(self, seconds: float, type: str = "", times: int = 1) -> None:
        """Of the real clock."""
        self._hooks.spoils.append(Spoil("delay", type, times, seconds=seconds))

    def hold(self) -> None:
        """Deliver nothing until ``release``."""
        self._hooks.hold()

    def release(self, order: str = "sent") -> None:
        """Deliver what was held: in the order "sent", "reversed" or "shuffled"."""
        self._hooks.release(order)

    def resend(self, event: str, age: float = 0) -> None:
        """Once more, as by the button of the dashboard; ``age`` makes its signature that many seconds old."""
        with self._state.lock:
            found = self._state.find("event", event)
        self._hooks.send(found, spoilt=False, age=age)

    def forge(self, type: str, object: Thing, account: str = "", livemode: bool = False, id: str = "", age: float = 0) -> Thing:
        """Deliver an event that this account does not have, rightly signed: another account's, a live one, a made-up one."""
        event: Thing = {
            "id": id or self._state.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self._state.now(),
            "data": {"object": object},
            "livemode": livemode,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
        }
        if account:
            event["account"] = account
        self._hooks.send(event, spoilt=False, age=age)
        return event

    def wait(self, seconds: float = 30) -> None:
        """Until nothing waits to be delivered.

        :raises TimeoutError: when that takes longer.
        """
        self._state.run_due()
        self._hooks.wait(seconds)

    # --- The network ---
    def lose_answer(self, method: str = "POST", path: str = "/v1/", times: int = 1, seconds: float = 0) -> None:
        """Carry out the next request and hang up; with ``seconds``, hang up only then (beyond the client's patience)."""
        self._faults.add(Fault("cut", "after", method=method, path=path, times=times, seconds=seconds))

    def lose_request(self, method: str = "POST", path: str = "/v1/", times: int = 1, seconds: float = 0) -> None:
        """Hang up on the next request without doing anything."""
        self._faults.add(Fault("cut", "before", method=method, path=path, times=times, seconds=seconds))

    def answer_late(self, seconds: float, method: str = "POST", path: str = "/v1/", times: int = 1) -> None:
        """Carry out the next request at once, and answer after so long."""
        self._faults.add(Fault("delay", "after", method=method, path=path, times=times, seconds=seconds))

    def fail_before(self, status: int = 500, method: str = "POST", path: str = "/v1/", times: int = 1) -> None:
        """Answer with an error and do nothing; the idempotency key knows nothing of it (429 and 503 too)."""
        self._faults.add(Fault("error", "before", status=status, method=method, path=path, times=times))

    def fail_after(self, status: int = 500, method: str = "POST", path: str = "/v1/", times: int = 1, kept: bool = True) -> None:
        """Carry it out and answer with an error: with ``kept`` the same error comes for the same key for a day, as Stripe's own
        500 does; without, the key has the true answer."""
        self._faults.add(Fault("error", "after", status=status, method=method, path=path, times=times, kept=kept))

    def slow(self, seconds: float) -> None:
        """Every request takes so long."""
        self._faults.latency = seconds

    def calm(self) -> None:
        """Take back every fault that has not come about."""
        with self._state.lock:
            self._state.forced.clear()
        self._faults.clear()
        self._hooks.spoils.clear()

    # --- Looking ---
    def deliveries(self) -> list[Thing]:
        """Every attempt at a webhook: event, type, url, status (0: nobody answered), attempt."""
        return [
            {"event": one.event, "type": one.type, "url": one.url, "status": one.status, "attempt": one.attempt}
            for one in list(self._hooks.delivered)
        ]

    def _known(self, name: str) -> Thing:
        found = self._state.get(name)
        if found is None:
            raise LookupError(f"no object is called {name}")
        return found
