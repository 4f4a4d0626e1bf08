"""A program of the operator's that is told what happens, over real HTTP: it verifies with the library of Standard Webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMhISE="
NEW_SECRET = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMhISEhISE="


class Receiver:
    """``answers`` are the statuses to come (then 204), or ``hang`` for no answer; ``taken`` is what it verified, in order."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.answers: list[int | str] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.taken: list[dict[str, Any]] = []
        self.forged: list[str] = []
        self.let_go = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake.handle(self)

            do_GET = do_POST

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hooks/"

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def types(self) -> list[str]:
        return [event["type"] for event in self.taken]

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, body))
        answer = self.answers.pop(0) if self.answers else 204
        if answer == "hang":
            self.let_go.wait(30)
            return
        status = int(answer)
        try:
            event = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError as error:
            self.forged.append(str(error))
            status = 401 if status // 100 == 2 else status
        else:
            if status // 100 == 2:
                self.taken.append(event)
        request.send_response(status)
        if status // 100 == 3:
            request.send_header("Location", self.url)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def verify(self, number: int, **changed: str) -> Any:
        """Verify what came as the ``number``-th, with some headers otherwise."""
        headers, body = self.got[number]
        return json.loads(json.dumps(Webhook(self.secret).verify(body, {**headers, **changed})))


@contextmanager
def receiving(secret: str = SECRET) -> Iterator[Receiver]:
    receiver = Receiver(secret)
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(5)
