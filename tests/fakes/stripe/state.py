"""What this Stripe knows: objects by kind, a clock that can be moved, what is due later, and the events so far."""

from __future__ import annotations

import copy
import heapq
import itertools
import secrets
import string
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.stripe.errors import Refused, missing

VERSION = "2026-10-28.endive"  # the one that the SDK speaks
LETTERS = string.ascii_letters + string.digits
DAY = 86_400
Thing = dict[str, Any]

# What a field that holds an id may be expanded to is told by the beginning of the id.
KINDS = {
    "cus": "customer",
    "pm": "payment_method",
    "pi": "payment_intent",
    "seti": "setup_intent",
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "pyr": "refund",
    "du": "dispute",
    "cs": "checkout.session",
    "evt": "event",
    "txn": "balance_transaction",
    "po": "payout",
    "mandate": "mandate",
    "we": "webhook_endpoint",
}


class State:
    """Whoever reads or changes it holds ``lock``."""

    def __init__(self, *, key: str, account: str, country: str, url: str) -> None:
        self.key, self.account, self.country, self.url = key, account, country, url
        self.lock = threading.RLock()
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS.values()}
        self.hidden: dict[str, Thing] = {}  # by id: what Stripe knows of an object and does not tell
        self.request: Thing = {"id": None, "idempotency_key": None}  # the one that is being carried out
        self.on_event: Callable[[Thing], None] = lambda event: None
        self.forced: deque[str] = deque()  # what the next attempts come to: "authentication", or why they are declined
        self.sepa_days = 5
        self._offset = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    # --- Time ---
    def now(self) -> int:
        return int(time.time() + self._offset)

    def later(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), act))

    def run_due(self) -> None:
        """Carry out what has fallen due by now."""
        with self.lock:
            while self._due and self._due[0][0] <= self.now():
                heapq.heappop(self._due)[2]()

    def advance(self, seconds: float) -> None:
        """Move the clock; what falls due on the way happens at its own time."""
        with self.lock:
            self.run_due()
            end = self._offset + seconds
            while self._due and self._due[0][0] <= time.time() + end:
                self._offset = max(self._offset, self._due[0][0] - time.time())
                heapq.heappop(self._due)[2]()
            self._offset = end
            self.run_due()

    def business_days(self, days: int) -> int:
        """The instant so many business days from now."""
        at = datetime.fromtimestamp(self.now(), UTC)
        while days:
            at += timedelta(days=1)
            days -= at.weekday() < 5
        return int(at.timestamp())

    # --- Objects ---
    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(secrets.choice(LETTERS) for _ in range(24))}"

    def add(self, thing: Thing, **hidden: Any) -> Thing:
        self.things[thing["object"]][thing["id"]] = thing
        self.hidden[thing["id"]] = hidden
        return thing

    def find(self, kind: str, name: str, *, param: str = "id", status: int = 400) -> Thing:
        """:raises StripeError: resource_missing, with 404 where the address names it (``status``)."""
        found = self.things[kind].get(name)
        if found is None or (found.get("deleted") and status == 400):
            raise missing(kind.replace(".", " "), name, param=param, status=status)
        return found

    def get(self, name: str | None) -> Thing | None:
        """Any object by its id alone."""
        if not isinstance(name, str):
            return None
        kind = KINDS.get(name.split("_")[0])
        return self.things[kind].get(name) if kind else None

    def newest(self, kind: str) -> list[Thing]:
        return list(reversed(self.things[kind].values()))

    def take_forced(self) -> str:
        return self.forced.popleft() if self.forced else ""

    # --- What happened ---
    def emit(self, name: str, thing: Thing, before: Thing | None = None) -> Thing:
        """Remember an event, with the object as it is now, and hand it on."""
        data: Thing = {"object": copy.deepcopy(thing)}
        if before is not None:
            data["previous_attributes"] = copy.deepcopy(before)
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self.request),
            "type": name,
        }
        self.add(event)
        self.on_event(event)
        return event

    def change(self, event: str, thing: Thing, /, **new: Any) -> None:
        """Set fields, and tell of it where anything changed."""
        before = {field: thing[field] for field, value in new.items() if thing[field] != value}
        thing.update(new)
        if before:
            self.emit(event, thing, before)


def expand(state: State, thing: Thing, paths: list[str]) -> Thing:
    """A copy in which the ids that ``paths`` name are the objects themselves.

    :raises Refused: for a field that cannot be expanded.
    """
    shown = copy.deepcopy(thing)
    for path in paths:
        parts = path.split(".")
        if len(parts) > 4:
            raise Refused("You cannot expand more than 4 levels of a property", param="expand")
        _expand(state, shown, parts, path)
    return shown


def _expand(state: State, node: Any, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _expand(state, item, parts, path)
        return
    name, *rest = parts
    if not isinstance(node, dict):
        return
    if name not in node and (more := included(state, node, name)) is not None:
        node[name] = more
    if name not in node or not (isinstance(node[name], dict | list) or node[name] is None or state.get(node[name])):
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    value = node[name]
    if isinstance(value, str):
        node[name] = copy.deepcopy(state.get(value))
    elif isinstance(value, list):
        node[name] = [copy.deepcopy(state.get(item)) if isinstance(item, str) else item for item in value]
    if rest:
        _expand(state, node[name], rest, path)


def included(state: State, thing: Thing, name: str) -> Thing | None:
    """Lists that are left out of an object unless they are asked for."""
    if (thing.get("object"), name) == ("charge", "refunds"):
        found = [refund for refund in state.newest("refund") if refund["charge"] == thing["id"]]
        return listed(found, f"/v1/charges/{thing['id']}/refunds")
    if (thing.get("object"), name) == ("checkout.session", "line_items"):
        return listed(state.hidden[thing["id"]]["line_items"], f"/v1/checkout/sessions/{thing['id']}/line_items")
    return None


def listed(found: list[Thing], url: str, *, more: bool = False) -> Thing:
    return {"object": "list", "data": copy.deepcopy(found), "has_more": more, "url": url}
