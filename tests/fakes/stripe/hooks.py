"""Webhooks: signed as the SDK verifies, delivered by a thread of its own in the order of the events, tried again, and spoilt on
demand."""

from __future__ import annotations

import copy
import hmac
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

Thing = dict[str, Any]
RETRIES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds of the real clock after which a failed delivery is tried again
PATIENCE = 10  # seconds for an answer


@dataclass(frozen=True)
class Delivery:
    """One attempt. ``status`` is 0 where nobody answered."""

    event: str
    type: str
    url: str
    status: int
    attempt: int
    body: bytes
    signature: str


@dataclass
class _Waiting:
    at: float
    order: float
    event: Thing
    endpoint: Thing
    attempt: int = 0
    age: float = 0


@dataclass
class Spoil:
    """What befalls the next events of a type ("" is any): drop, duplicate or delay."""

    what: str
    type: str = ""
    times: int = 1
    copies: int = 2
    seconds: float = 0


def signature(payload: bytes, secret: str, at: int) -> str:
    """The header ``Stripe-Signature``: https://docs.stripe.com/webhooks#verify-manually."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + payload, sha256).hexdigest()}"


class Hooks:
    def __init__(self, endpoints: Callable[[], list[Thing]]) -> None:
        self.endpoints = endpoints
        self.delivered: list[Delivery] = []
        self.spoils: list[Spoil] = []
        self.held: list[_Waiting] | None = None
        self._queue: list[_Waiting] = []
        self._busy = False
        self._placed = 0
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True, name="fake Stripe's webhooks")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(timeout=PATIENCE + 1)

    # --- Sending ---
    def send(self, event: Thing, *, spoilt: bool = True, age: float = 0, seconds: float = 0) -> None:
        """Queue an event for every endpoint that wants it; ``age`` makes the signature's time that much older."""
        with self._changed:
            spoil = self._spoil(event["type"]) if spoilt else None
            if spoil and spoil.what == "drop":
                return
            wanted = [one for one in self.endpoints() if {"*", event["type"]} & set(one["enabled_events"])]
            event["pending_webhooks"] = len(wanted)
            for _copy in range(spoil.copies if spoil and spoil.what == "duplicate" else 1):
                for endpoint in wanted:
                    self._placed += 1
                    late = spoil.seconds if spoil and spoil.what == "delay" else seconds
                    one = _Waiting(time.monotonic() + late, self._placed, event, endpoint, age=age)
                    (self._queue if self.held is None else self.held).append(one)
            self._changed.notify_all()

    def _spoil(self, kind: str) -> Spoil | None:
        for spoil in self.spoils:
            if spoil.type in ("", kind):
                spoil.times -= 1
                if spoil.times <= 0:
                    self.spoils.remove(spoil)
                return spoil
        return None

    def hold(self) -> None:
        with self._changed:
            self.held = self.held or []

    def release(self, order: str) -> None:
        """``order`` is sent, reversed or shuffled."""
        with self._changed:
            held, self.held = self.held or [], None
            places = [one.order for one in held]
            if order == "reversed":
                places.reverse()
            elif order == "shuffled":
                random.shuffle(places)
            now = time.monotonic()
            for one, place in zip(held, places, strict=True):
                one.at, one.order = now, place
            self._queue += held
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """:raises TimeoutError: when something still waits after so long."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._queue and not self._busy, timeout=seconds):
                raise TimeoutError(f"{len(self._queue)} webhooks still wait after {seconds} s: {self._queue[0].event['type']}")

    # --- The thread ---
    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and not (one := self._next()):
                    self._changed.wait(
                        max(0.01, min((waiting.at for waiting in self._queue), default=0) - time.monotonic())
                        if self._queue
                        else None
                    )
                if self._stopped:
                    return
                self._queue.remove(one)
                self._busy = True
            again = self._deliver(one)
            with self._changed:
                self._busy = False
                if again:
                    self._queue.append(one)
                self._changed.notify_all()

    def _next(self) -> _Waiting | None:
        now = time.monotonic()
        ready = [one for one in self._queue if one.at <= now]
        return min(ready, key=lambda one: one.order, default=None)

    def _deliver(self, one: _Waiting) -> bool:
        """Try once; whether to try again."""
        body = json.dumps(copy.deepcopy(one.event), indent=2).encode()
        signed = signature(body, one.endpoint["secret"], int(time.time() - one.age))
        status = post(one.endpoint["url"], body, {"Stripe-Signature": signed, "Content-Type": "application/json; charset=utf-8"})
        one.attempt += 1
        self.delivered.append(
            Delivery(one.event["id"], one.event["type"], one.endpoint["url"], status, one.attempt, body, signed)
        )
        if 200 <= status < 300:
            one.event["pending_webhooks"] = max(0, one.event["pending_webhooks"] - 1)
            return False
        if one.attempt > len(RETRIES):
            return False
        one.at = time.monotonic() + RETRIES[one.attempt - 1]
        return True


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status; 0 where nobody answered. A redirect is not followed."""
    parts = urlsplit(url)
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=PATIENCE)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request("POST", path, body, {"User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
