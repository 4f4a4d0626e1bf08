"""VIES as its published description has it, over real HTTP, with the ways in which it and what is between fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bonafide.operator import Operator
from tests.factories.billing import operator


class FakeVies:
    """``answers`` says how each number is answered (by default it is not known); ``asked`` is what came in, in order.

    An answer is ``valid``, ``invalid``, an error code as VIES names it, ``user-error:CODE`` (the other shape that it gives
    failures), or one of ``slow drip garbage huge redirect other-number http-429 http-500 hang-up``.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.strayed: list[str] = []  # paths asked for that are not VIES's
        self.let_go = threading.Event()  # ends what is slow
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake.handle(self)

            def do_GET(self) -> None:
                fake.strayed.append(self.path)
                self.send_error(404)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/rest-api"

    def operator(self, **tax: Any) -> Operator:
        """The tests' operator, who asks this VIES."""
        return operator(tax={"vies": True, "vies_url": self.url, **tax})

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if request.path != "/rest-api/check-vat-number":
            self.strayed.append(request.path)
            request.send_error(404)
            return
        wanted = json.loads(body)
        self.asked.append(wanted)
        self.headers.append(dict(request.headers))
        number = wanted["countryCode"] + wanted["vatNumber"]
        self._answer(request, wanted, self.answers.get(number, "invalid"))

    def _answer(self, request: BaseHTTPRequestHandler, wanted: dict[str, str], how: str) -> None:
        if how in ("valid", "invalid", "other-number"):
            return _send(request, 200, self._said(wanted, how))
        if how.startswith("user-error:"):
            return _send(request, 200, {**self._said(wanted, "invalid"), "userError": how.removeprefix("user-error:")})
        if how.startswith("http-"):
            return _send_bytes(request, int(how.removeprefix("http-")), b"<html>try later</html>")
        odd = {"garbage": b"<html>maintenance</html>", "huge": b'{"valid": true, "name": "' + b"x" * 2**20 + b'"}'}
        if how in odd:
            return _send_bytes(request, 200, odd[how])
        if how == "redirect":
            request.send_response(307)
            request.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
            request.end_headers()
            return None
        if how == "hang-up":
            return request.connection.close()
        if how in ("slow", "drip"):
            return self._slowly(request, how)
        return _send(request, 200, {"actionSucceed": False, "errorWrappers": [{"error": how}]})

    def _said(self, wanted: dict[str, str], how: str) -> dict[str, Any]:
        known = how != "invalid"
        return {
            "countryCode": wanted["countryCode"],
            "vatNumber": "999999999" if how == "other-number" else wanted["vatNumber"],
            "requestDate": "2026-11-12T09:04:11.532Z",
            "valid": known,
            "requestIdentifier": f"WAPIAAAAZ{len(self.asked):04d}" if wanted.get("requesterNumber") else "",
            "name": "ATELIER VEGA SARL" if known else "---",
            "address": "8 RUE DES TANNEURS\n69005 LYON" if known else "---",
            "traderName": "---",
            "traderNameMatch": "NOT_PROCESSED",
        }

    def _slowly(self, request: BaseHTTPRequestHandler, how: str) -> None:
        if how == "drip":
            request.send_response(200)
            request.end_headers()
            while not self.let_go.wait(0.05):
                try:
                    request.wfile.write(b" ")
                except OSError:
                    return
        self.let_go.wait(20)


def _send(request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    _send_bytes(request, status, json.dumps(body).encode())


def _send_bytes(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    try:
        request.wfile.write(body)
    except OSError:  # who asked has heard enough
        request.close_connection = True


@contextmanager
def answering() -> Iterator[FakeVies]:
    """A VIES on a free port of loopback until the block ends."""
    fake = FakeVies()
    thread = threading.Thread(target=fake.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.let_go.set()
        fake.server.shutdown()
        fake.server.server_close()
        thread.join()
