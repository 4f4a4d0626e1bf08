"""Hold the session still while its person writes: an ending waits until the write is done, or the write is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from bonafide.sessions.lock import lock_person
from bonafide.sessions.models import Session
from bonafide.sessions.store import key_hash

View = TypeVar("View", bound=Callable[..., Any])


class SessionEnded(SessionInterrupted):
    """The session of this request has ended, or got another key, since the request began: it may change nothing any more."""


def holds_by_itself(view: View) -> View:
    """For a view that asks another machine, for which no transaction may wait: it calls :func:`hold` where it writes."""
    view.holds_by_itself = True  # type: ignore[attr-defined]
    return view


def is_left_out(request: HttpRequest) -> bool:
    """Whether the view of this address holds its session by itself."""
    try:
        return getattr(resolve(request.path_info).func, "holds_by_itself", False)
    except Resolver404:
        return False


def hold(request: HttpRequest) -> None:
    """Lock the person and the session of this request until the transaction ends, and look at both afresh.

    ``HoldMiddleware`` does this for whatever a signed-in person sends; call it only where a view left that out.

    :raises SessionEnded: when the session is no longer what it was when the request began.
    """
    row = request.session.row  # type: ignore[attr-defined]
    user = lock_person(row.user_id)
    key = key_hash(request.session.session_key or "")
    alive = Session.objects.select_for_update().filter(key_hash=key, ended_at=None, user=row.user_id)
    if user is None or not user.is_active or not alive.values_list("pk").first():
        raise SessionEnded("the session has ended")
    if request.user.pk == user.pk:
        if request.user.password != user.password:
            raise SessionEnded("the password was changed")
        request.user = user  # what the request read before it waited may be old
