"""What every page says of the promises, and of terms that wait to be accepted."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from bonafide.terms.acceptance import version_to_accept
from bonafide.terms.audit import State, standings
from bonafide.terms.models import Version

# The state turns once a night: a process looks at it once a minute, not on each page.
KEPT_SECONDS = 60
_kept: dict[str, tuple[float, dict[str, int]]] = {}
_asked: dict[str, tuple[float, Version | None]] = {}


SESSION_KEY = "terms"


def promises(request: HttpRequest) -> dict[str, object]:
    """``promises``: how many clauses are ``proven``, ``failing`` and there in ``all``.

    ``terms_to_accept``: the version that the signed-in person has to accept, or None.
    """
    return {"promises": SimpleLazyObject(_counted), "terms_to_accept": SimpleLazyObject(lambda: _to_accept(request))}


def _to_accept(request: HttpRequest) -> Version | None:
    """Asked of the database only until it is accepted: then the session remembers, until another version asks."""
    person = getattr(request, "user", None)  # a page of an error may be shown before anybody looked who is there
    if person is None or not person.is_authenticated:
        return None
    now = timezone.now()  # noqa: TID251 - a page is being shown
    asking = _asking(now)
    if asking is None or request.session.get(SESSION_KEY, 0) >= asking.number:
        return None
    wanted = version_to_accept(user=person, now=now)
    if wanted is None and request.method == "GET":
        request.session[SESSION_KEY] = asking.number
    return wanted


def _asking(now: datetime) -> Version | None:
    at, asking = _asked.get("asking", (0.0, None))
    if not at or time.monotonic() - at > KEPT_SECONDS:
        asking = Version.objects.asking(now)
        _asked["asking"] = (time.monotonic(), asking)
    return asking


def _counted() -> dict[str, int]:
    at, counted = _kept.get("counted", (0.0, {}))
    if not counted or time.monotonic() - at > KEPT_SECONDS:
        now = timezone.now()  # noqa: TID251 - a page is being shown
        states = [found.state for found in standings(now=now, today=now.astimezone(settings.OPERATOR.zone).date())]
        counted = {"proven": states.count(State.PROVEN), "failing": states.count(State.FAILING), "all": len(states)}
        _kept["counted"] = (time.monotonic(), counted)
    return counted
