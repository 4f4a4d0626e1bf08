"""What the phone of the demo's staff would show: a time-based code (RFC 6238), from a secret that everybody can read here."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

PERIOD = 30


def code_at(secret: str, now: datetime) -> tuple[str, int]:
    """Six digits, and for how many seconds more they are good."""
    passed = int(now.timestamp())
    mac = hmac.digest(base64.b32decode(secret), (passed // PERIOD).to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}", PERIOD - passed % PERIOD
