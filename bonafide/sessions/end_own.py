"""A person ends sessions of their own, and is shown that the old cookies open nothing any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import SessionStore, key_hash

MOST_TRIED = 50  # of ten thousand that ended at once, the ones used last


@dataclass(frozen=True)
class Ending:
    """What was done: how many sessions ended and when, and the ids of those to be tried again."""

    ended: int
    at: datetime
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What came of it. ``tried``: old cookies that were tried after the ending; ``refused``: those that opened nothing."""

    ended: int
    tried: int
    refused: int
    at: datetime

    @property
    def holds(self) -> bool:
        return self.refused == self.tried

    @property
    def still_open(self) -> int:
        return self.tried - self.refused


def end_own(*, user: Any, now: datetime, keep: str | None = None, only: Session | None = None) -> Ending:
    """End the one session ``only``, or all of ``user`` but the one whose key is ``keep``. A second time changes nothing.

    Which ones are to be tried is noted before, so that an ending that fails cannot leave itself out of its receipt.
    """
    ids = (str(only.pk),) if only else tuple(map(str, _others(user, keep).values_list("pk", flat=True)[:MOST_TRIED]))
    ended = end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, keep=keep, only=only.pk if only else None)
    return Ending(ended=ended, at=now, ids=ids)


def try_again(*, user: Any, ending: Ending) -> Receipt:
    """Open each session of an ending once more, by what its old cookie opens."""
    hashes = Session.objects.of(user).filter(pk__in=ending.ids).values_list("key_hash", flat=True)
    opened = [SessionStore.opens(hashed) for hashed in hashes]
    return Receipt(ended=ending.ended, tried=len(opened), refused=opened.count(False), at=ending.at)


def _others(user: Any, keep: str | None) -> QuerySet[Session]:
    rows = Session.objects.of(user).filter(ended_at=None).order_by("-last_seen_at", "pk")
    return rows.exclude(key_hash=key_hash(keep)) if keep else rows
