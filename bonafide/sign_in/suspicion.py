"""Failed attempts that their person should hear about (ASVS 5.0 6.3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.stagekit import get_pending_stage
from django.http import HttpRequest

from bonafide.sessions.client import client_of
from bonafide.sessions.models import Outcome, SignIn
from bonafide.sign_in.letters import tell_at_most
from bonafide.sign_in.models import Event

AT_MOST_EVERY = timedelta(days=1)
SECOND_STEPS = 3  # that failed; one or two are somebody's own slip
WITHIN = timedelta(hours=1)


def weigh(*, request: HttpRequest, user: Any, outcome: Outcome, now: datetime) -> None:
    """Tell the person of what a failed attempt, which was just kept in their history, adds up to."""
    event = None
    if outcome == Outcome.TOO_MANY:
        event = Event.TOO_MANY
    elif outcome in (Outcome.WRONG_CODE, Outcome.WRONG_PASSKEY) and _past_first_step(request, user):
        lately = SignIn.objects.filter(
            user=user, outcome__in=[Outcome.WRONG_CODE, Outcome.WRONG_PASSKEY], at__gt=now - WITHIN, at__lte=now
        )
        event = Event.CODE_REFUSED if lately.count() >= SECOND_STEPS else None
    if event:
        client = client_of(request)
        tell_at_most(user=user, event=event, every=AT_MOST_EVERY, now=now, browser=client.browser, system=client.system)


def _past_first_step(request: HttpRequest, user: Any) -> bool:
    """Whether this browser got past a password or a provider, and stands before the second step."""
    stage = get_pending_stage(request)
    return bool(stage and stage.login.user and stage.login.user.pk == user.pk)
