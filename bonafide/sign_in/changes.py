"""What follows a change of how somebody signs in: their other sessions end, and a letter tells them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from bonafide.accounts.models import ApiKey
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason
from bonafide.sign_in.letters import tell, tell_at_most
from bonafide.sign_in.models import Event

# The changes after which whoever else is signed in as this person is not believed any more (ASVS 5.0 7.4.3).
ENDS = {
    Event.PASSWORD_CHANGED: Reason.PASSWORD_CHANGED,
    Event.PASSWORD_SET: Reason.PASSWORD_CHANGED,
    Event.PASSWORD_RESET: Reason.PASSWORD_CHANGED,
    Event.EMAIL_CHANGED: Reason.EMAIL_CHANGED,
    Event.APP_ADDED: Reason.FACTOR_CHANGED,
    Event.APP_REMOVED: Reason.FACTOR_CHANGED,
    Event.PASSKEY_ADDED: Reason.FACTOR_CHANGED,
    Event.PASSKEY_REMOVED: Reason.FACTOR_CHANGED,
    Event.CODES_MADE: Reason.FACTOR_CHANGED,
}
_ONE_BY_ONE = timedelta(minutes=10)
# What allauth announces, by the name of its own letter. A name that is missing here fails the request, and a test before that.
ANNOUNCED = {
    "account/email/email_changed": Event.EMAIL_CHANGED,
    "account/email/email_deleted": Event.EMAIL_REMOVED,
    "mfa/email/totp_activated": Event.APP_ADDED,
    "mfa/email/totp_deactivated": Event.APP_REMOVED,
    "mfa/email/webauthn_added": Event.PASSKEY_ADDED,
    "mfa/email/webauthn_removed": Event.PASSKEY_REMOVED,
    "mfa/email/recovery_codes_generated": Event.CODES_MADE,
    "socialaccount/email/account_connected": Event.PROVIDER_CONNECTED,
    "socialaccount/email/account_disconnected": Event.PROVIDER_REMOVED,
}
# These are told by ``replace_password``, in the transaction of the change itself.
TOLD_ALREADY = {"account/email/password_changed", "account/email/password_set", "account/email/password_reset"}


@transaction.atomic
def changed(*, request: HttpRequest | None, user: Any, event: Event, now: datetime, **details: str) -> int:
    """End the person's other sessions where this change asks for it, and write the letter; how many sessions ended.

    Call it inside the transaction of the change. The session of ``request`` stays if it is the person's own, unless the password
    was replaced by letter: whoever asked for that does not know who is signed in.
    """
    ended = 0
    if event in ENDS:
        ended = end_sessions(user=user, reason=ENDS[event], now=now, keep=own_session(request, user, event))
    tell(user=user, event=event, now=now, **details)
    if event == Event.EMAIL_CHANGED and details.get("before"):
        tell(user=user, event=event, now=now, to=details["before"], **details)
    return ended


def note_code_used(*, user: Any, authenticator: Authenticator, **about: Any) -> None:
    """A recovery code is for the day when all else is lost: whoever used one, its owner hears of it."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        tell(user=user, event=Event.CODE_USED, now=timezone.now())  # noqa: TID251 - a signal comes without a time


def note_key_made(*, instance: ApiKey, created: bool, **about: Any) -> None:
    """Whoever a key was made in the name of hears of it; the operator's own keys are nobody's."""
    if created and instance.made_by is not None:
        tell(user=instance.made_by, event=Event.API_KEY_MADE, now=instance.created_at, name=instance.name)


def note_sessions_ended(*, user: Any, reason: Reason, now: datetime, **about: Any) -> None:
    """What our staff ended is told by letter; ten sessions ended one by one are told once."""
    if reason == Reason.ENDED_BY_STAFF:
        tell_at_most(user=user, event=Event.SESSIONS_ENDED, every=_ONE_BY_ONE, now=now)


def own_session(request: HttpRequest | None, user: Any, event: Event) -> str | None:
    """The key of the session that stays open."""
    if request is None or event == Event.PASSWORD_RESET or request.user.pk != user.pk:
        return None
    key: str | None = request.session.session_key
    return key


def details_of(context: dict[str, Any]) -> dict[str, str]:
    """What a letter needs of the context that allauth announces a change with."""
    details = {}
    if context.get("from_email"):
        details = {"before": context["from_email"], "after": context["to_email"]}
    if context.get("provider"):
        details["name"] = str(context["provider"].name)
    return details
