"""End a visit. Its time over, it ends at the end of its time, whenever that is noticed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bonafide.privacy.models import Visit


def end_visits(*, session: UUID, how: Visit.End, now: datetime) -> int:
    """End what is open in a session; how many that were (one, or none). Again, it changes nothing."""
    ended = 0
    for visit in Visit.objects.filter(session=session, ended_at=None):
        over = visit.until <= now
        values = {"ended_at": min(now, visit.until), "how_ended": Visit.End.TIME if over else how}
        ended += Visit.objects.filter(pk=visit.pk, ended_at=None).update(**values)
    return ended
