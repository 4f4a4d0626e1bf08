"""Browsers, ways to sign in and spans of time as people say them, in the language of the moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.core import Locale
from babel.dates import format_timedelta
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bonafide.sessions.store import TOUCH_EVERY

WAYS = {
    "password": _("password"),
    "totp": _("code"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery code"),
    "code": _("code by letter"),
    "password_reset": _("new password by letter"),
}


def client_words(browser: str, system: str) -> str:
    """``Firefox 145 on Linux``; what is not known is said so, or left out."""
    if browser and system:
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or (
        gettext("An unknown browser on %(system)s") % {"system": system} if system else gettext("An unknown browser")
    )


def way_words(how: str) -> str:
    """The ledger's codes as people say them: ``password+totp`` is "password and code"; empty for none."""
    ways = [_way(code) for code in how.split("+") if code]
    if len(ways) < 2:
        return "".join(ways)
    return gettext("%(first)s and %(last)s") % {"first": ", ".join(ways[:-1]), "last": ways[-1]}


def _way(code: str) -> str:
    kind, _colon, provider = code.partition(":")
    if kind == "socialaccount":
        called = next((one.name for one in settings.OPERATOR.sign_in.providers if one.id == provider), provider)
        return gettext("sign-in at %(provider)s") % {"provider": called or gettext("a provider")}
    return str(WAYS.get(kind, kind))


def ago_words(*, seen_at: datetime, now: datetime, locale: Locale) -> str:
    """``2 hours ago``. Use is noted every five minutes, so nothing younger is told apart."""
    since = max(now - seen_at, timedelta(0))
    if since < TOUCH_EVERY:
        return gettext("in the last five minutes")
    return format_timedelta(-since, add_direction=True, locale=locale)
