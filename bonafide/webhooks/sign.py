"""What is sent, and its signature, by Standard Webhooks (https://www.standardwebhooks.com, specification 1.0)."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from bonafide.webhooks.models import Event

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes of a secret, as the specification has it
_MOST = 2  # secrets at a time: the new one and the old one


class BadSecret(Exception):
    """A secret that cannot sign; the text says why, and nothing of the secret."""


def secrets_of(text: str) -> list[str]:
    """The secrets in a value of the environment, each of which signs.

    :raises BadSecret:
    """
    found = text.split()
    if not found:
        raise BadSecret("is missing")
    if len(found) > _MOST:
        raise BadSecret(f"holds {len(found)} secrets")
    for secret in found:
        if not secret.startswith(PREFIX):
            raise BadSecret(f"does not begin with {PREFIX}")
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise BadSecret(f"is not base64 after {PREFIX}") from None
        if not _SHORTEST <= len(key) <= _LONGEST:
            raise BadSecret(f"is a key of {len(key)} bytes")
    return found


def body_of(event: Event) -> bytes:
    """The exact bytes that are sent and signed: the same at every try."""
    said = {"type": event.kind, "timestamp": event.at.astimezone(UTC).isoformat(), "data": event.data}
    return json.dumps(said, separators=(",", ":"), sort_keys=True).encode("ascii")


def headers_of(*, event: Event, body: bytes, secrets: list[str], now: datetime) -> dict[str, str]:
    """The headers of one try at ``now``, signed with each secret: whoever knows one of them can verify."""
    sent_at = now.astimezone(UTC)  # the library reads a time without looking at its zone
    signatures = [Webhook(secret).sign(event.message_id, sent_at, body.decode("ascii")) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": event.message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
