"""Write down that staff saw, or are about to change, what we hold of customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bonafide.privacy.models import Look, Visit
from bonafide.privacy.subjects import Whose

_LONGEST = 200


def record_looks(
    *,
    staff: Any,
    whose: Sequence[Whose],
    kind: str,
    view: Look.View,
    now: datetime,
    thing: str = "",
    reason: str = "",
    visit: Visit | None = None,
) -> None:
    """One row for each customer, all or none. What cannot be written raises: whoever calls answers nothing then."""
    Look.objects.bulk_create(
        Look(
            staff=staff,
            account_id=one.account,
            person_id=one.person,
            kind=kind,
            thing=thing[:_LONGEST],
            view=view,
            reason=reason,
            at=now,
            visit=visit,
        )
        for one in whose
    )
