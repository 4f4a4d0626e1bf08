"""Who confirms their identity gets a new key for their session (ASVS 5.0 7.2.4): the one before is dead from then on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def give_new_key(*, request: HttpRequest, user: Any, **_: Any) -> None:
    """Whenever somebody has proven who they are while signed in already. Signing in itself makes a new session, key and all."""
    session: Any = request.session
    if session.row is not None and session.row.user_id == user.pk:
        session.cycle_key()
