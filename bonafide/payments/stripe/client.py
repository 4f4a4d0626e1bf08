"""Asking Stripe: one client, through the one door out, with what was asked written down for whom it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from bonafide.errors import Refused
from bonafide.outgoing.client import Passage, passing, reaching
from bonafide.outgoing.web_client import Session
from bonafide.outgoing.words import Field

HOST = "api.stripe.com"
SECONDS = 30.0  # for one exchange; asking again with the same key is harmless
LARGEST = 4 * 2**20


class StripeOff(Refused):
    """Payment by Stripe is not switched on, or has no key."""


def is_on() -> bool:
    """Whether bills can be paid by Stripe here."""
    return settings.OPERATOR.stripe.enabled and bool(settings.STRIPE_SECRET_KEY)


def client() -> stripe.StripeClient:
    """Stripe's own client. Each thread has its connection; call it inside :func:`asking` or :func:`reading`.

    :raises StripeOff:
    """
    if not is_on():
        raise StripeOff("payment by Stripe is off: set stripe.enabled in operator.toml and STRIPE_SECRET_KEY in the environment")
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


@cache
def _client(key: str, url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": url} if url else {},
        http_client=stripe.RequestsClient(session=Session(seconds=SECONDS, largest=LARGEST), timeout=SECONDS),
        max_network_retries=0,  # who asks decides when to ask again, with the same key
    )


def host() -> str:
    return urlsplit(settings.STRIPE_API_URL).hostname or HOST if settings.STRIPE_API_URL else HOST


@contextmanager
def asking(*, account_id: int, fields: tuple[Field, ...], occasion: str, now: datetime) -> Iterator[Passage]:
    """Let the block send data of an account to Stripe, and write that down; outside of transactions."""
    with passing(to=host(), fields=fields, clause="B3", occasion=occasion, now=now, account=account_id) as passage:
        yield passage


@contextmanager
def reading() -> Iterator[None]:
    """Let the block ask Stripe about what it has already: nothing of anybody is passed on but ids of its own."""
    with reaching(host=host()):
        yield
