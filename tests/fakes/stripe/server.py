"""The server: who is asked what, carried out once, and answered as Stripe does."""

from __future__ import annotations

import json
import os
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.stripe import account, forms, idempotency, pages
from tests.fakes.stripe.controls import Controls
from tests.fakes.stripe.errors import Refused, StripeError
from tests.fakes.stripe.faults import Fault, Faults
from tests.fakes.stripe.hooks import Hooks
from tests.fakes.stripe.routes import Route, routed
from tests.fakes.stripe.state import VERSION, State, expand

JOURNAL = "BONAFIDE_STRIPE_JOURNAL"  # a folder, in which every fake leaves what it was asked and what it answered
TICK = 0.2  # seconds after which what has fallen due happens without being asked


@dataclass(frozen=True)
class Asked:
    """One request as it came, and the answer; ``malformed`` where what it may hold was wrong already."""

    method: str
    path: str
    template: str
    form: str
    status: int
    malformed: bool
    answer: Any
    key: str


class FakeStripe:
    """``key`` is the secret key that it takes, ``url`` where it is, ``controls`` what is done to it, ``asked`` what came in."""

    def __init__(
        self, *, key: str = "sk_test_fake", account_id: str = "acct_1FakeBonafide", country: str = "FR", port: int = 0
    ) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": self}))
        self._server.daemon_threads = True
        self.key, self.url = key, f"http://127.0.0.1:{self._server.server_port}"
        self.state = State(key=key, account=account_id, country=country, url=self.url)
        self.faults = Faults()
        self.keys = idempotency.Keys()
        self.hooks = Hooks(lambda: account.endpoints(self.state))
        self.state.on_event = self.hooks.send
        self.controls = Controls(self.state, self.hooks, self.faults)
        self.asked: list[Asked] = []
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._tick, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self.hooks.start()

    def stop(self) -> None:
        self._stopped.set()
        self.faults.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self.hooks.stop()
        if folder := os.environ.get(JOURNAL):
            self._leave_journal(Path(folder))

    def _tick(self) -> None:
        while not self._stopped.wait(TICK):
            self.state.run_due()

    def _leave_journal(self, folder: Path) -> None:
        told = [asdict(one) for one in self.asked]
        told += [{"event": event} for event in self.state.things["event"].values()]
        name = folder / f"{os.getpid()}-{self._server.server_port}-{self.state.new_id('x')}.jsonl"
        name.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")


@contextmanager
def serving(**given: Any) -> Iterator[FakeStripe]:
    fake = FakeStripe(**given)
    fake.start()
    try:
        yield fake
    finally:
        fake.stop()


class _Cut(Exception):
    """Hang up without an answer."""


class _Handler(BaseHTTPRequestHandler):
    fake: FakeStripe
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body waits for the acknowledgement of the headers: 40 ms of nothing

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urlsplit(self.path)
        try:
            if url.path.startswith("/_control/"):
                self._control(url.path.removeprefix("/_control/"), body)
            elif url.path.startswith(("/c/", "/3ds/")):
                with self.fake.state.lock:
                    self.fake.state.run_due()
                    status, goes_to, text = pages.answer(self.fake.state, method, url.path, dict(parse_qsl(body)))
                self._send(status, text.encode(), "text/html; charset=utf-8", {"Location": goes_to} if goes_to else {})
            else:
                self._api(method, url.path, body if method == "POST" else url.query)
        except _Cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # who asked has gone

    # --- The API ---
    def _api(self, method: str, path: str, form: str) -> None:
        fake = self.fake
        key = self.headers.get("Idempotency-Key", "") if method == "POST" else ""
        told = {"Request-Id": fake.state.new_id("req"), "Stripe-Version": self.headers.get("Stripe-Version", VERSION)}
        if key:
            told["Idempotency-Key"] = key
        fault = fake.faults.take(method, path)
        if fault and fault.when == "before":
            fake.faults.wait(fault.seconds)
            if fault.kind == "cut":
                raise _Cut
            if fault.kind == "error":
                self._send(fault.status, _broken(fault.status), "application/json", told | {"Stripe-Should-Retry": "true"})
                return
        status, body = self._once(method, path, form, key, told, fault)
        if fault and fault.when == "after":
            fake.faults.wait(fault.seconds)
            if fault.kind == "cut":
                raise _Cut
            if fault.kind == "error" and not fault.kept:
                status, body = fault.status, b"<html><h1>502 Bad Gateway</h1></html>"
        self._send(status, body, "application/json", told)

    def _once(self, method: str, path: str, form: str, key: str, told: dict[str, str], fault: Fault | None) -> tuple[int, bytes]:
        """Carry it out, unless its key knows the answer."""
        fake, route = self.fake, routed(method, path)
        refused, begun, formed = False, False, False
        status, body = 0, b""
        try:
            self._check_key()
            if route is None:
                raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
            given = forms.decode(form)
            known = self._known(key, idempotency.asked(method, path, given), told)
            if known:
                return known
            begun = bool(key)
            fake.faults.wait(fake.faults.latency)
            params, formed = forms.check(route[0].params, given), True
            status, body = self._act(route, params, key, told)
            if fault and fault.kind == "error" and fault.when == "after" and fault.kept:
                status, body = fault.status, _broken(fault.status)
                told["Stripe-Should-Retry"] = "false"
        except StripeError as error:
            refused = isinstance(error, Refused)
            status, body = (
                error.status,
                _json({"error": error.body | {"request_log_url": f"{fake.url}/logs/{told['Request-Id']}"}}),
            )
        finally:
            if begun:
                self._remember(key, 0 if refused else status, body)
        template = route[0].template if route else path
        fake.asked.append(Asked(method, path, template, form, status, not formed, json.loads(body), key))
        return status, body

    def _known(self, key: str, asked: tuple[str, str, str], told: dict[str, str]) -> tuple[int, bytes] | None:
        """The answer that the key has; from here on it is at work."""
        if not key:
            return None
        with self.fake.state.lock:
            known = self.fake.keys.begin(key, asked, now=self.fake.state.now(), request=told["Request-Id"])
        if known is None:
            return None
        told |= {"Idempotent-Replayed": "true", "Original-Request": known.request}
        return known.status, known.body

    def _remember(self, key: str, status: int, body: bytes) -> None:
        with self.fake.state.lock:
            if status:
                self.fake.keys.keep(key, status, body)
            else:
                self.fake.keys.forget(key)

    def _act(self, route: tuple[Route, list[str]], params: dict[str, Any], key: str, told: dict[str, str]) -> tuple[int, bytes]:
        """Under the lock; an error that it ends with is an answer too, and is kept."""
        state = self.fake.state
        wanted = params.pop("expand", None) or []
        with state.lock:
            state.run_due()
            state.request = {"id": told["Request-Id"], "idempotency_key": key or None}
            try:
                return 200, _json(expand(state, route[0].act(state, route[1], params), wanted))
            except StripeError:
                raise
            except Exception as broken:
                traceback.print_exc()
                raise StripeError(500, f"This fake is broken: {broken!r}", kind="api_error") from broken
            finally:
                state.request = {"id": None, "idempotency_key": None}

    def _check_key(self) -> None:
        """:raises StripeError: 401, as Stripe does not say which key would be right."""
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not given:
            raise StripeError(401, "You did not provide an API key.")
        if given != self.fake.key:
            raise StripeError(401, f"Invalid API Key provided: {given[:8]}{'*' * 8}{given[-4:]}")
        if self.headers.get("Stripe-Account", self.fake.state.account) != self.fake.state.account:
            raise StripeError(403, "The provided key does not have access to that account.", code="account_invalid")

    # --- Everything else ---
    def _control(self, name: str, body: str) -> None:
        if name.startswith("_") or not callable(getattr(Controls, name, None)):
            self._send(404, _json({"error": f"no control is called {name}"}), "application/json", {})
            return
        try:
            found = getattr(self.fake.controls, name)(**json.loads(body or "{}"))
        except (TypeError, StripeError, LookupError, TimeoutError) as fault:
            self._send(400, _json({"error": str(fault)}), "application/json", {})
            return
        self._send(200, _json(found), "application/json", {})

    def _send(self, status: int, body: bytes, kind: str, more: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _json(thing: Any) -> bytes:
    return json.dumps(thing, indent=2).encode()


def _broken(status: int) -> bytes:
    if status == 429:
        words = "Request rate limit exceeded."
        return _json({"error": {"message": words, "type": "invalid_request_error", "code": "rate_limit"}})
    return _json({"error": {"message": "An unknown error occurred", "type": "api_error"}})
