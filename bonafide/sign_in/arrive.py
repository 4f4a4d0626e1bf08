"""What follows a sign-in, however it was done: it is kept in the history, its browser is remembered, a doubtful one is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from bonafide.sessions.models import Outcome, SignIn
from bonafide.sessions.store import METHODS, how
from bonafide.sign_in.browsers import meet
from bonafide.sign_in.history import record
from bonafide.sign_in.letters import tell
from bonafide.sign_in.models import Event

MANY = 5  # failed attempts before a good one that are worth a letter
LATELY = timedelta(days=1)


@transaction.atomic
def arrive(*, request: HttpRequest, response: HttpResponse, user: Any, first: bool, now: datetime) -> None:
    """Called once for each sign-in. ``first`` is the one right after signing up, which nobody needs to be told about."""
    way = how(request.session.get(METHODS, []))
    failures = _failures_before(user, now)
    row = record(request=request, user=user, outcome=Outcome.SIGNED_IN, how=way, now=now)
    is_new = meet(request=request, response=response, user=user, now=now)
    if row is None or first or not (is_new or failures >= MANY):
        return
    event = Event.NEW_BROWSER if is_new else Event.AFTER_FAILURES
    tell(user=user, event=event, now=now, browser=row.browser, system=row.system, how=way)


def _failures_before(user: Any, now: datetime) -> int:
    """How many attempts failed since the last good one, within a day."""
    good = SignIn.objects.filter(user=user, outcome=Outcome.SIGNED_IN).order_by("-at").values_list("at", flat=True).first()
    since = max(good, now - LATELY) if good else now - LATELY
    return SignIn.objects.filter(user=user, at__gt=since).exclude(outcome__in=[Outcome.SIGNED_IN, Outcome.CLOSED]).count()
