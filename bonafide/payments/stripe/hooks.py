"""Stripe tells that something happened: it is verified, stored once and acknowledged. What it is about is looked at afterwards.

The acknowledgement costs one row: whoever signs rightly waits for nothing else. What is refused is kept as a line
for the staff, without its body and a few an hour, so that strangers cannot fill the database.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

import msgspec
import stripe
from django.conf import settings
from django.db import connection

from bonafide.errors import Refused
from bonafide.payments.stripe.models import Hook
from bonafide.payments.stripe.tasks import ask_to_follow

logger = logging.getLogger(__name__)

LARGEST = 256 * 1024  # bytes; Stripe's events have a few thousand
TOLERANCE = 300  # seconds between Stripe's clock and ours, either way
_STORE = (
    "INSERT INTO payments_stripe_hook (event_id, kind, thing, body, state, tries, said, received_at, try_at) "
    "VALUES (%s, %s, %s, %s, %s, 0, '', %s, %s) ON CONFLICT (event_id) DO NOTHING"
)
KEPT_AN_HOUR = 20  # refused events of which the staff see a line


class _Thing(msgspec.Struct):
    id: str = ""
    object: str = ""


class _Data(msgspec.Struct):
    object: _Thing


class _Event(msgspec.Struct):
    """What is read of an event; ``account`` is there when it is of another account, connected to ours."""

    id: str
    type: str
    livemode: bool
    data: _Data
    account: str = ""


read_event = msgspec.json.Decoder(_Event).decode


class HookRefused(Refused):
    """Why an event is not taken, and the HTTP status that says so."""

    def __init__(self, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.status = status


def take_hook(*, body: bytes, signature: str, now: datetime) -> None:
    """Store an event of Stripe's, and have it followed; the same again changes nothing.

    :raises HookRefused: it is not signed by Stripe for us now. The staff see that it came.
    """
    try:
        event = _verified(body, signature, now)
    except HookRefused as refusal:
        _keep_refusal(refusal, body, now)
        raise
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:  # one statement by itself: its lock is held for no time
        cursor.execute(_STORE, [event.id, event.type[:100], event.data.object.id, body, Hook.State.WAITING.value, at, at])
    ask_to_follow()


def _verified(body: bytes, signature: str, now: datetime) -> _Event:
    if len(body) > LARGEST:
        raise HookRefused(f"the event is too large: expected {LARGEST} bytes at most", 413)
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, settings.STRIPE_WEBHOOK_SECRET, TOLERANCE)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError, IndexError):
        raise HookRefused(
            "the signature is missing, of another secret or too old: see STRIPE_WEBHOOK_SECRET and the clock"
        ) from None
    if _signed_at(signature) > now.timestamp() + TOLERANCE:  # which the SDK does not look at
        raise HookRefused("the signature is of the future: see the clock")
    try:
        event = read_event(body)
    except msgspec.MsgspecError:
        raise HookRefused("this is no event of Stripe's") from None
    if event.account not in ("", settings.OPERATOR.stripe.account):
        raise HookRefused("the event is of another account: see stripe.account", 403)
    if event.livemode == settings.OPERATOR.service.trial:
        raise HookRefused("the event is of the other mode: see service.trial", 403)
    if not event.id or max(len(event.id), len(event.data.object.id)) > 255:
        raise HookRefused("this is no event of Stripe's")
    return event


def _signed_at(signature: str) -> int:
    """The last timestamp named: the SDK verified the first, and one of two is one too many."""
    return max(int(part[2:]) for part in signature.split(",") if part.startswith("t="))


def _keep_refusal(refusal: HookRefused, body: bytes, now: datetime) -> None:
    """A line for the staff, of which nothing is the stranger's but a digest."""
    logger.warning("an event for Stripe's address was refused: %s", refusal)
    if Hook.objects.filter(kind="", received_at__gt=now - timedelta(hours=1)).count() >= KEPT_AN_HOUR:
        return
    digest = hashlib.sha256(body).hexdigest()
    values = {"state": Hook.State.REFUSED, "said": str(refusal), "received_at": now, "try_at": now, "done_at": now}
    Hook.objects.get_or_create(event_id=f"refused-{digest}", defaults=values)
