"""Asking Stripe: one client, through the one door out, with what was asked written down for whom it is about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from bonafide.errors import Refused
from bonafide.outgoing.client import Passage, passing, reaching
from bonafide.outgoing.processors import STRIPE_HOST
from bonafide.outgoing.web_client import Session, trusted
from bonafide.outgoing.words import Field

HOST = STRIPE_HOST
SECONDS = 30.0  # for one exchange; asking again with the same key is harmless
LARGEST = 4 * 2**20
# Asked again later, with the same key, it may be answered.
_LATER = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})

stripe.enable_telemetry = False  # nobody was told of it


class StripeOff(Refused):
    """Payment by Stripe is not switched on, or has no key, or the key is of another account."""


class StripeRefused(Refused):
    """Stripe says no: asked again, it will say the same. ``code`` is its reason, or the bank's."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


class StripeUnanswered(Refused):
    """Nothing came back that can be used. What was asked may have been done: ask again with the same key, or look."""


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


class _EachThread:
    """What Stripe's client takes for a session: one of ours for each thread, whose connection stays open between requests."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._trust = trusted()

    def request(self, method: str, url: str, **options: Any) -> Any:
        if not hasattr(self._mine, "session"):
            self._mine.session = Session(seconds=SECONDS, largest=LARGEST, trust=self._trust)
        return self._mine.session.request(method, url, **options)

    def close(self) -> None:
        if hasattr(self._mine, "session"):
            self._mine.session.close()


@cache
def _client(key: str, url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": url} if url else {},
        http_client=stripe.RequestsClient(session=_EachThread(), timeout=SECONDS),  # type: ignore[arg-type]  # as much as it uses
        max_network_retries=0,  # who asks decides when to ask again, with the same key
    )


def host() -> str:
    return urlsplit(settings.STRIPE_API_URL).hostname or HOST if settings.STRIPE_API_URL else HOST


@contextmanager
def asking(*, account_id: int, fields: tuple[Field, ...], occasion: str, now: datetime) -> Iterator[Passage]:
    """Let the block send data of an account to Stripe, and write that down; outside of transactions.

    Errors are those of Stripe's client; :func:`plainly` around it says them in three kinds.
    """
    client()
    with passing(to=host(), fields=fields, clause="B3", occasion=occasion, now=now, account=account_id) as passage:
        yield passage


@contextmanager
def reading() -> Iterator[None]:
    """Let the block ask Stripe about what it has already: nothing of anybody is passed on but ids of its own.

    :raises StripeOff: before anything else is looked at, as is :func:`asking`.
    """
    client()
    with reaching(host=host()):
        yield


@contextmanager
def plainly() -> Iterator[None]:
    """Say the errors of the block's requests in three kinds, without a word of what was sent or of our key.

    :raises StripeRefused: what was asked will never be done.
    :raises StripeUnanswered: it may have been done, or may be later.
    """
    try:
        yield
    except stripe.CardError as error:
        code = getattr(error.error, "decline_code", None) or error.code or "declined"
        raise StripeRefused(f"Stripe declined it: {code}", code) from None
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise StripeUnanswered("Stripe does not take our key for this: see STRIPE_SECRET_KEY and what the key may do") from None
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        if error.http_status in _LATER:
            raise StripeUnanswered(f"Stripe is still at it ({error.http_status})") from None
        code = error.code or getattr(error, "param", None) or type(error).__name__
        raise StripeRefused(f"Stripe refused the request: {code}", str(code)) from None
    except stripe.StripeError as error:
        raise StripeUnanswered(f"Stripe gave no answer ({type(error).__name__}, {error.http_status or 'nothing'})") from None


def refuse_other_account() -> None:
    """Ask Stripe whose the key is, once in each process.

    :raises StripeOff: also when it is of another account than the operator's file names.
    :raises StripeRefused, StripeUnanswered: (:func:`plainly`)
    """
    client()
    with plainly(), reading():
        wanted, found = settings.OPERATOR.stripe.account, _account(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)
    if found and found != wanted:
        raise StripeOff(f"STRIPE_SECRET_KEY is of {found}, stripe.account says {wanted}: expected one account, mend either")


@cache
def _account(key: str, url: str) -> str:
    """Whose the key is; empty for a restricted key that may not say so."""
    try:
        return str(_client(key, url).v1.accounts.retrieve_current().id)
    except stripe.PermissionError:
        return ""


def ours(thing: Any) -> Any:
    """An object of Stripe's, as it came.

    :raises StripeRefused: when it is of the other mode: a test where money is real, or the other way round.
    """
    if bool(getattr(thing, "livemode", not settings.OPERATOR.service.trial)) == settings.OPERATOR.service.trial:
        kind = "a live one" if settings.OPERATOR.service.trial else "one of Stripe's test mode"
        raise StripeRefused(f"{thing.object} {thing.id} is {kind}: see service.trial and STRIPE_SECRET_KEY", "mode")
    return thing


def retrieved_intent(stripe_id: str) -> Any:
    """A payment intent as it is now, with its last charge whole.

    :raises StripeRefused: also when there is none.
    :raises StripeUnanswered:
    """
    with plainly(), reading():
        return ours(client().v1.payment_intents.retrieve(stripe_id, {"expand": ["latest_charge"]}))


def retrieved_session(stripe_id: str) -> Any:
    """A Checkout Session as it is now; errors as of :func:`retrieved_intent`."""
    with plainly(), reading():
        return ours(client().v1.checkout.sessions.retrieve(stripe_id))
