"""An e-invoice against the rules of EN 16931 and of the French reform, which only XSLT 2 says: Saxon runs them beside us.

In a process of its own, because Saxon holds 277 MB, must not be forked, and could take a worker down with it. It is started when
it is first asked, serves this process alone, and is started again when it died or ended itself.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from bonafide.documents.einvoice.sources import rules_file

# Seconds for one document; 3,000 lines take a few.
PATIENCE = 120.0


class CannotCheck(Exception):
    """The rules could not be applied: nothing is known of the document. One plain line."""


class RulesProcess:
    """The other side: one question at a time, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @property
    def pid(self) -> int | None:
        """The process that serves us now."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def problems(self, *, xml: bytes, rules: Sequence[str], patience: float = PATIENCE) -> tuple[str, ...]:
        """What the named rules refuse, one line each.

        :raises CannotCheck: when the process died twice over the same document, took longer than ``patience`` seconds, or Saxon
            could not read it.
        """
        question = json.dumps({"files": [str(rules_file(name)) for name in rules], "xml": xml.decode()}).encode()
        with self._lock:
            for _attempt in range(2):
                answer = self._ask(question, patience)
                if answer is not None:
                    break
            else:
                raise CannotCheck("the process that applies the rules of e-invoices ended twice over this document")
        if "error" in answer:
            raise CannotCheck(f"the rules of e-invoices could not be applied: {answer['error']}")
        return tuple(answer["problems"])

    def stop(self) -> None:
        """End the process, if there is one of ours; it is started again when asked."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        with suppress(OSError):
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    def _ask(self, question: bytes, patience: float) -> dict[str, Any] | None:
        """One answer; ``None`` when the process ended instead."""
        process, until = self._running(), time.monotonic() + patience
        assert process.stdin is not None  # noqa: S101 - opened with pipes
        assert process.stdout is not None  # noqa: S101
        try:
            _write(process.stdin, len(question).to_bytes(4, "big") + question, until)
            answer = _read_answer(process.stdout, until)
        except TimeoutError:
            self.stop()
            raise CannotCheck(f"the rules of e-invoices took longer than {patience:.0f} s") from None
        except OSError:
            answer = None
        if answer is None:
            self.stop()
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, started if it is not there; one that a parent of ours started is the parent's."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bonafide.documents.einvoice.rules_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
            self._owner = os.getpid()
        return self._process


def _write(sink: IO[bytes], message: bytes, until: float) -> None:
    """All of the message, in parts that a pipe takes whole.

    :raises TimeoutError: at the moment ``until`` of the monotonic clock.
    """
    for start in range(0, len(message), select.PIPE_BUF):
        if not select.select([], [sink], [], max(0.0, until - time.monotonic()))[1]:
            raise TimeoutError
        sink.write(message[start : start + select.PIPE_BUF])


def _read_answer(source: IO[bytes], until: float) -> dict[str, Any] | None:
    head = _read(source, 4, until)
    body = head and _read(source, int.from_bytes(head, "big"), until)
    if not body:
        return None
    answer: dict[str, Any] = json.loads(body)
    return answer


def _read(source: IO[bytes], size: int, until: float) -> bytes:
    """So many bytes; none when the other side ended before.

    :raises TimeoutError: at the moment ``until`` of the monotonic clock.
    """
    parts = b""
    while len(parts) < size:
        if not select.select([source], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        part = source.read(size - len(parts))
        if not part:
            return b""
        parts += part
    return parts


_ours = RulesProcess()
atexit.register(_ours.stop)


def rule_problems_of(*, xml: bytes, rules: Sequence[str]) -> tuple[str, ...]:
    """What the rules of those names (:mod:`sources`) refuse of an e-invoice, one line each; empty for a good one.

    :raises CannotCheck: when nothing can be said.
    """
    return _ours.problems(xml=xml, rules=rules)
