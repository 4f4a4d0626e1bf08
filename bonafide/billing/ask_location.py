"""Bills that stopped because their consumer's place is unclear become questions for staff, each once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bonafide.billing.computed import Stopped
from bonafide.billing.models import LocationQuestion
from bonafide.billing.tax_basis import digest_of
from bonafide.periods import Month


def ask_location(*, stopped: Iterable[Stopped], month: Month, now: datetime) -> None:
    """Write a question for each account whose evidence contradicts itself; the same evidence is asked about once."""
    LocationQuestion.objects.bulk_create(
        [
            LocationQuestion(
                account_id=stop.account_id,
                items=[[item.kind, item.place] for item in stop.evidence],
                digest=digest_of(stop.evidence),
                month=month.key,
                asked_at=now,
            )
            for stop in stopped
            if stop.evidence
        ],
        ignore_conflicts=True,
    )
