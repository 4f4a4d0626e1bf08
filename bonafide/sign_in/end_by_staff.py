"""Staff end sessions of somebody, who is told by a letter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason
from bonafide.sign_in.letters import tell
from bonafide.sign_in.models import Event


@transaction.atomic
def end_by_staff(*, user: Any, now: datetime, only: Collection[UUID] = ()) -> int:
    """End the sessions ``only``, or every one of ``user``; how many ended. One letter, and none when nothing ended."""
    chosen: Collection[UUID | None] = only or [None]
    ended = sum(end_sessions(user=user, reason=Reason.ENDED_BY_STAFF, now=now, only=pk) for pk in chosen)
    if ended:
        tell(user=user, event=Event.SESSIONS_ENDED, now=now)
    return ended
