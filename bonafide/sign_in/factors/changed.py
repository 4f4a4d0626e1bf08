"""What follows a change of somebody's second factors: other sessions end, a letter goes out, the page says both."""

from __future__ import annotations

from datetime import datetime

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from bonafide.sign_in.changes import changed
from bonafide.sign_in.models import Event

ADDED = {Authenticator.Type.TOTP: Event.APP_ADDED, Authenticator.Type.WEBAUTHN: Event.PASSKEY_ADDED}
REMOVED = {Authenticator.Type.TOTP: Event.APP_REMOVED, Authenticator.Type.WEBAUTHN: Event.PASSKEY_REMOVED}


def factor_added(*, request: HttpRequest, factor: Authenticator, said: str, now: datetime) -> None:
    """Who just set one up has shown that they hold it: their session counts as opened with it."""
    record_authentication(request, request.user, "mfa", id=factor.pk, type=factor.type)
    signals.authenticator_added.send(sender=Authenticator, request=request, user=request.user, authenticator=factor)
    _follow(request=request, event=ADDED[Authenticator.Type(factor.type)], said=said, now=now)


def factor_removed(*, request: HttpRequest, removed: list[Authenticator], said: str, now: datetime) -> None:
    """``removed`` is the factor, and with the last one the recovery codes behind it."""
    for one in removed:
        signals.authenticator_removed.send(sender=Authenticator, request=request, user=request.user, authenticator=one)
    _follow(request=request, event=REMOVED[Authenticator.Type(removed[0].type)], said=said, now=now)


def codes_made(*, request: HttpRequest, kept: Authenticator, said: str, now: datetime) -> None:
    signals.authenticator_reset.send(sender=Authenticator, request=request, user=request.user, authenticator=kept)
    _follow(request=request, event=Event.CODES_MADE, said=said, now=now)


def _follow(*, request: HttpRequest, event: Event, said: str, now: datetime) -> None:
    ended = changed(request=request, user=request.user, event=event, now=now)
    if ended:
        said += " " + ngettext(
            "%(count)d other session of yours was ended.", "%(count)d other sessions of yours were ended.", ended
        ) % {"count": ended}
    messages.success(request, said)
