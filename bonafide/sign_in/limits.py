"""How often one may try, and how long one waits after that.

django-allauth counts, in the store that all processes share; the numbers are ``ACCOUNT_RATE_LIMITS``. Ours is what it counts by:
strangers who guess a password share one count for the name they typed, and a browser in which the person has signed in before,
or set a new password by letter, has a count of its own (OWASP's device cookies). So nobody can lock a person out of the browsers
that person uses, and guessing is slow from everywhere else.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bonafide.sign_in.browsers import recognised
from bonafide.sign_in.history import person_of

APP = "allauth.account"


class Limited:
    """The part of the account adapter that has to do with limits."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try before any password is looked at.

        :raises ValidationError: when there were too many, saying how long to wait.
        """
        try:
            super().pre_authenticate(request, **credentials)  # type: ignore[misc]
        except ValidationError as refusal:
            key = self._get_login_attempts_cache_key(request, **credentials)
            seconds = wait_seconds(request=request, action="login_failed", key=key, now=self._now())  # type: ignore[attr-defined]
            raise ValidationError(too_many(seconds), code=refusal.code) from None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By what failed passwords are counted.

        By what was typed, not by whom it names: were a name and its address counted together, one could learn from a refusal
        that they belong to the same person.
        """
        if request.user.is_authenticated:
            return f"person:{request.user.pk}"  # who confirms their identity is not kept out by strangers at the sign-in page
        user = person_of(credentials)
        browser = recognised(request=request, user=user, now=self._now()) if user else ""  # type: ignore[attr-defined]
        if browser:  # whoever stole its cookie may guess as slowly as anybody else
            return f"browser:{browser}"
        return f"typed:{_typed(credentials)}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """A new password by letter: tries with this name count anew."""
        forget_tries(request=request, key=f"typed:{_typed(credentials)}")


def count_code(*, request: HttpRequest, user: Any) -> str:
    """Count a code of somebody's second factor before it is looked at; by what to forget that, once it was right.

    :raises ValidationError: when there were too many.
    """
    key = f"codes:{user.pk}"
    if not ratelimit.consume(request, app=APP, action="login_failed", key=key):
        now = timezone.now()  # noqa: TID251 - a form's view cannot pass it in
        seconds = wait_seconds(request=request, action="login_failed", key=key, now=now)
        raise ValidationError(too_many(seconds), "too_many_login_attempts")
    return key


def forget_tries(*, request: HttpRequest, key: str) -> None:
    """Start counting anew by this key.

    allauth would start anew for the address too: whoever guesses could then wipe their own count with a login that is theirs.
    """
    by_key = [rate for rate in settings.ACCOUNT_RATE_LIMITS["login_failed"].split(",") if rate.endswith("/key")]
    ratelimit.clear(request, app=APP, action="login_failed", config={"login_failed": ",".join(by_key)}, key=key)


def _typed(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", credentials.get("username", ""))).lower()


# --- Waiting ------------------------------------------------------------------------------------------------------------------
# What each page counts, for the page that says how long to wait; with the field that it counts by, if by one.
COUNTED = {
    "account_login": ("login", None),
    "account_signup": ("signup", None),
    "account_reset_password": ("reset_password", "email"),
    "account_reset_password_from_key": ("reset_password_from_key", None),
    "account_change_password": ("change_password", None),
    "account_reauthenticate": ("reauthenticate", None),
    "invitation": ("accept_invitation", None),
    "openid_connect_login": ("provider", None),
    "openid_connect_callback": ("provider", None),
    "withdraw": ("notice", "email"),
    "cancel_notify": ("notice", None),
}


def wait_of(*, request: HttpRequest, now: datetime) -> int | None:
    """Seconds until the page asked for may be used again; None where that cannot be told."""
    counted = COUNTED.get(getattr(request.resolver_match, "url_name", None) or "")
    if counted is None:
        return None
    action, field = counted
    key = request.POST.get(field, "").lower() if field else None
    return wait_seconds(request=request, action=action, key=key, now=now) or None


def wait_seconds(*, request: HttpRequest, action: str, key: str | None, now: datetime) -> int:
    """Seconds until every limit of ``action`` lets one more try through; 0 when they do now."""
    waits = [0.0]
    for rate in ratelimit.get_rates(app=APP, action=action):
        try:
            tries = cache.get(ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key), [])
        except ImproperlyConfigured:  # counts by person, and nobody is signed in
            continue
        if len(tries) >= rate.amount:  # newest first: one more fits once the oldest of the last `amount` is too old to count
            waits.append(tries[rate.amount - 1] + rate.duration - now.timestamp())
    return ceil(max(waits))


def too_many(seconds: int) -> str:
    """What somebody reads who tried too often."""
    if seconds <= 0:  # refused because several tries came at the same moment
        return _("Too many attempts at once. Please try again.")
    if seconds < 60:
        return ngettext(
            "Too many attempts. Please try again in %(count)d second.",
            "Too many attempts. Please try again in %(count)d seconds.",
            seconds,
        ) % {"count": seconds}
    minutes = ceil(seconds / 60)
    return ngettext(
        "Too many attempts. Please try again in %(count)d minute.",
        "Too many attempts. Please try again in %(count)d minutes.",
        minutes,
    ) % {"count": minutes}
