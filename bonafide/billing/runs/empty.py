"""Rows of old rehearsals go; who signed what off, and what it came to in all, stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from bonafide.billing.runs.inventory import REHEARSED_KEPT_DAYS
from bonafide.billing.runs.models import Rehearsal, RehearsedBill


def empty_old(*, now: datetime) -> int:
    """Delete the rows of rehearsals that were asked for so long ago; how many. Nothing can be issued by them after that."""
    old = Rehearsal.objects.filter(emptied_at=None, asked_at__lt=now - timedelta(days=REHEARSED_KEPT_DAYS))
    gone = 0
    for rehearsal in old:
        Rehearsal.objects.filter(pk=rehearsal.pk).update(emptied_at=now)
        gone += RehearsedBill.objects.filter(rehearsal=rehearsal).delete()[0]
    return gone
