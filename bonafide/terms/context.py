"""What the foot of every page says of the promises."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from bonafide.terms.audit import State, standings

# The state turns once a night: a process looks at it once a minute, not on each page.
KEPT_SECONDS = 60
_kept: dict[str, tuple[float, dict[str, int]]] = {}


def promises(request: HttpRequest) -> dict[str, object]:
    """``promises``: how many clauses are ``proven``, ``failing`` and there in ``all``."""
    return {"promises": SimpleLazyObject(_counted)}


def _counted() -> dict[str, int]:
    at, counted = _kept.get("counted", (0.0, {}))
    if not counted or time.monotonic() - at > KEPT_SECONDS:
        now = timezone.now()  # noqa: TID251 - a page is being shown
        states = [found.state for found in standings(now=now, today=now.astimezone(settings.OPERATOR.zone).date())]
        counted = {"proven": states.count(State.PROVEN), "failing": states.count(State.FAILING), "all": len(states)}
        _kept["counted"] = (time.monotonic(), counted)
    return counted
