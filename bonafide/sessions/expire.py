"""Mark what is overdue as ended. Nothing waits for this: an overdue session opens nothing, marked or not."""

from __future__ import annotations

from datetime import datetime

from bonafide.operator import Sessions as Limits
from bonafide.sessions.models import Reason, Session, overdue

BATCH = 1000  # rows a statement, so that no other writer waits long


def end_overdue(*, now: datetime, limits: Limits, batch: int = BATCH) -> int:
    """End people's overdue sessions and delete visitors', a batch a statement; how many people's ended."""
    late = Session.objects.filter(ended_at=None).filter(overdue(now=now, limits=limits))
    ended = 0
    while True:
        some = late.filter(user__isnull=False).values("pk")[:batch]
        count = Session.objects.filter(pk__in=some, ended_at=None).update(ended_at=now, end_reason=Reason.EXPIRED, data="")
        ended += count
        if count < batch:
            break
    while True:
        visitors = list(late.filter(user=None).values_list("pk", flat=True)[:batch])
        Session.objects.filter(pk__in=visitors, user=None).delete()
        if len(visitors) < batch:
            return ended
