"""What follows a change of somebody's second factors: other sessions end, a letter goes out, the page says both."""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason

ADDED = {Authenticator.Type.TOTP: "mfa/email/totp_activated", Authenticator.Type.WEBAUTHN: "mfa/email/webauthn_added"}
REMOVED = {Authenticator.Type.TOTP: "mfa/email/totp_deactivated", Authenticator.Type.WEBAUTHN: "mfa/email/webauthn_removed"}
CODES_MADE = "mfa/email/recovery_codes_generated"


def factor_added(*, request: HttpRequest, factor: Authenticator, said: str, now: datetime) -> None:
    """Who just set one up has shown that they hold it: their session counts as opened with it."""
    record_authentication(request, request.user, "mfa", id=factor.pk, type=factor.type)
    signals.authenticator_added.send(sender=Authenticator, request=request, user=request.user, authenticator=factor)
    _follow(request=request, letter=ADDED[Authenticator.Type(factor.type)], said=said, now=now)


def factor_removed(*, request: HttpRequest, removed: list[Authenticator], said: str, now: datetime) -> None:
    """``removed`` is the factor, and with the last one the recovery codes behind it."""
    for one in removed:
        signals.authenticator_removed.send(sender=Authenticator, request=request, user=request.user, authenticator=one)
    _follow(request=request, letter=REMOVED[Authenticator.Type(removed[0].type)], said=said, now=now)


def codes_made(*, request: HttpRequest, kept: Authenticator, said: str, now: datetime) -> None:
    signals.authenticator_reset.send(sender=Authenticator, request=request, user=request.user, authenticator=kept)
    _follow(request=request, letter=CODES_MADE, said=said, now=now)


def _follow(*, request: HttpRequest, letter: str, said: str, now: datetime) -> None:
    key = request.session.session_key
    ended = end_sessions(user=request.user, reason=Reason.FACTOR_CHANGED, now=now, keep=key)
    if ended:
        said += " " + ngettext(
            "%(count)d other session of yours was ended.", "%(count)d other sessions of yours were ended.", ended
        ) % {"count": ended}
    messages.success(request, said)
    get_adapter().send_notification_mail(letter, request.user)
