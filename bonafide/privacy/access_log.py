"""One line of JSON per request, in a file a day: ``logs/access-YYYY-MM-DD.jsonl`` of the instance's folder.

A line says when, which route (as the URL configuration spells it: never an address with names, tokens or a query), how it
ended, how long it took, from which address and by which login. ``logs.access`` of the operator's file cuts addresses short, or
turns it off.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bonafide.sessions.client import address_of

logger = logging.getLogger(__name__)
PREFIX, SUFFIX = "access-", ".jsonl"


def folder() -> Path:
    """Where the console's own logs are."""
    return Path(settings.INSTANCE.home) / "logs"


_held_to = ""


def hold_to(access: str) -> None:
    """Write what the terms in force allow (a value of ``logs.access``), whatever the file says; before the middleware is made."""
    global _held_to
    _held_to = access


class AccessLogMiddleware:
    """Writes the line once the answer is made. A log that cannot be written is reported once, and keeps nobody waiting."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        access = _held_to or settings.OPERATOR.logs.access
        if access == "off":
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.whole = access == "full"
        self._day, self._handle, self._complained = "", -1, False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = self.get_response(request)
        self._write(line_of(request, response, now=timezone.now(), seconds=time.monotonic() - begun, whole=self.whole))  # noqa: TID251
        return response

    def _write(self, line: str) -> None:
        try:
            day = line[7:17]  # {"at":"2026-11-23T...
            if day != self._day:
                self._open(day)
            os.write(self._handle, line.encode())  # one write to a file opened for appending: lines of processes do not mix
        except OSError as error:
            if not self._complained:
                logger.error(
                    "the access log cannot be written (%s): give the folder to the user that runs Bonafide", error.strerror
                )
            self._complained = True

    def _open(self, day: str) -> None:
        folder().mkdir(mode=0o700, exist_ok=True)
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = os.open(folder() / f"{PREFIX}{day}{SUFFIX}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._day = day


def line_of(request: HttpRequest, response: HttpResponse, *, now: datetime, seconds: float, whole: bool) -> str:
    """The line, with its line feed; ``ms`` is the time in milliseconds, ``by`` the number of the login, 0 when signed out."""
    match = request.resolver_match
    row = getattr(getattr(request, "session", None), "row", None)
    written = {
        "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "method": request.method if request.method in _METHODS else "other",
        "route": match.route if match else "",
        "status": response.status_code,
        "ms": round(seconds * 1000),
        "ip": (address_of(request) or "") if whole else cut_short(address_of(request) or ""),
        "by": (row.user_id or 0) if row else 0,
    }
    return json.dumps(written, separators=(",", ":")) + "\n"


FIELDS = ("at", "method", "route", "status", "ms", "ip", "by")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def cut_short(address: str) -> str:
    """The address of its network: /24 of IPv4, /48 of IPv6; empty stays empty."""
    if not address:
        return ""
    length = 24 if ":" not in address else 48
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False).network_address)
