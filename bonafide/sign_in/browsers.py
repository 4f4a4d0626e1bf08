"""The browsers from which a person signs in, so that a sign-in from another one can be told to them.

A browser carries a random id in a cookie of its own that outlives the session. Kept is, for each person, the SHA-256 of the id
together with the person: the table cannot be turned into cookies, and does not tell that two people share a browser.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bonafide.sign_in.models import KnownBrowser

BELIEVED = timedelta(seconds=settings.BROWSER_COOKIE_AGE)  # since the last sign-in; the row goes by ``retention.history_months``
_SALT = "bonafide.sign_in.browser"
_LENGTH = 43  # of 256 bits as text


def meet(*, request: HttpRequest, response: HttpResponse, user: Any, now: datetime) -> bool:
    """Remember the browser that signed in, by a cookie on ``response``; True when this person had not used it before."""
    browser = _id_of(request) or secrets.token_urlsafe(32)
    known, is_new = KnownBrowser.objects.get_or_create(
        user=user, digest=_digest(user, browser), defaults={"first_seen_at": now, "last_seen_at": now}
    )
    forgotten = not is_new and known.last_seen_at <= now - BELIEVED
    if not is_new:
        KnownBrowser.objects.filter(pk=known.pk, last_seen_at__lt=now).update(last_seen_at=now)
    response.set_signed_cookie(
        settings.BROWSER_COOKIE_NAME,
        browser,
        salt=_SALT,
        max_age=BELIEVED,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return is_new or forgotten


def recognised(*, request: HttpRequest, user: Any, now: datetime) -> str:
    """What is kept of this browser, if this person has signed in with it within a year; else empty."""
    browser = _id_of(request)
    mine = (
        KnownBrowser.objects.filter(user=user, digest=_digest(user, browser), last_seen_at__gt=now - BELIEVED)
        if browser
        else None
    )
    return (mine.values_list("digest", flat=True).first() or "") if mine is not None else ""


def forget_all(*, user: Any) -> int:
    """Every browser of this person is new again; how many were known."""
    return KnownBrowser.objects.filter(user=user).delete()[0]


def _id_of(request: HttpRequest) -> str:
    """The id that the browser carries; empty for none, or one that we have not signed, or not lately."""
    found: str = request.get_signed_cookie(settings.BROWSER_COOKIE_NAME, default="", salt=_SALT, max_age=BELIEVED) or ""
    return found if len(found) == _LENGTH else ""


def _digest(user: Any, browser: str) -> str:
    return sha256(f"{user.pk}:{browser}".encode()).hexdigest()
