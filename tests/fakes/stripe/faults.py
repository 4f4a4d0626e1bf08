"""How this Stripe misbehaves when a test asks for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass
class Fault:
    """``kind`` is error, cut or delay; ``when`` is before or after the request is carried out.

    An error after, when ``kept``, is what the idempotency key remembers (Stripe's own 500); otherwise the key remembers the true
    answer, and only this one time something between says otherwise (a 502 of a gateway).
    """

    kind: str
    when: str
    status: int = 500
    seconds: float = 0
    kept: bool = True
    method: str = "POST"
    path: str = "/v1/"  # the beginning
    times: int = 1


class Faults:
    def __init__(self) -> None:
        self.latency = 0.0  # seconds, of every request
        self.let_go = threading.Event()  # ends every delay
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
        self.latency = 0.0

    def take(self, method: str, path: str) -> Fault | None:
        """The first that is meant for this request, once less to come."""
        with self._lock:
            for fault in self._waiting:
                if fault.method in (method, "") and path.startswith(fault.path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def wait(self, seconds: float) -> None:
        if seconds:
            self.let_go.wait(seconds)
