"""A real SMTP server in a thread, on a free port of loopback, that keeps every letter."""

from __future__ import annotations

import socket
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class SmtpSink:
    """``letters`` grows as mail arrives; ``wait_for`` gives the one that a person waits for."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = _free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 Kept"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        if self._controller.server is not None:
            self._controller.stop()

    def wait_for(self, recipient: str, *, subject: str = "", seconds: float = 20) -> EmailMessage:
        """The first letter to this address, of this subject if one is given.

        :raises AssertionError: when none comes in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for letter in self.letters:
                if recipient in str(letter["To"]) and subject in str(letter["Subject"]):
                    return letter
            time.sleep(0.05)
        came = [(str(letter["To"]), str(letter["Subject"])) for letter in self.letters]
        raise AssertionError(f"no letter to {recipient} {subject!r} among {came}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
