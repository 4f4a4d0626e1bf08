"""Write down what a sweep is about to do, and what it did."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bonafide.privacy.models import SweepRun


@dataclass
class Told:
    """What a sweep says of itself once it is through."""

    counts: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[str] = ()


@contextmanager
def written_down(*, kind: SweepRun.Kind, now: datetime, cutoffs: Mapping[str, datetime]) -> Iterator[Told]:
    """A row as the sweep begins, finished as it ends. What raises, or is killed, leaves a row that says that it began."""
    begun = time.monotonic()
    moments = {name: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in cutoffs.items()}
    run = SweepRun.objects.create(kind=kind, begun_at=now, cutoffs=moments)
    told = Told()
    yield told
    finished = now + timedelta(seconds=time.monotonic() - begun)
    SweepRun.objects.filter(pk=run.pk).update(finished_at=finished, counts=dict(told.counts), faults=list(told.faults))


def last_sweep(kind: SweepRun.Kind) -> SweepRun | None:
    """The last one of this kind that went through, or None."""
    return SweepRun.objects.filter(kind=kind, finished_at__isnull=False).order_by("-begun_at", "-pk").first()
