"""The one way in which people's sessions end from outside: every cookie of theirs is dead at its very next request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from bonafide.sessions.lock import lock_person
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import key_hash

# Sent inside the transaction, with ``user``, ``reason`` and ``now``: letters are a matter of floors above this one.
sessions_ended = Signal()


def end_sessions(*, user: Any, reason: Reason, now: datetime, keep: str | None = None, only: Any = None) -> int:
    """End the open sessions of ``user`` in one statement; how many ended.

    The person is locked first: a sign-in under way is either seen here, or sees what was changed before this was called.

    ``keep`` is the key of the session that stays, the person's own. ``only`` is the id of the single one to end.
    """
    with transaction.atomic():
        lock_person(user.pk)
        rows = Session.objects.filter(user=user, ended_at=None)
        if keep:
            rows = rows.exclude(key_hash=key_hash(keep))
        if only is not None:
            rows = rows.filter(pk=only)
        ended = rows.update(ended_at=now, end_reason=reason, data="")
        if ended:
            sessions_ended.send(sender=Session, user=user, reason=reason, now=now)
        return ended
