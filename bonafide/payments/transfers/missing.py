"""What staff should miss: statements between two that do not join, and a bank that has been silent for days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bonafide.payments.transfers.models import BankStatement

# How many of the latest are looked at: a gap of long ago was seen, or does not matter any more.
LATEST = 100


@dataclass(frozen=True)
class Gap:
    """The first of two closes with another balance than the second opens with: at least one between them is missing."""

    before: BankStatement
    after: BankStatement


def gaps(*, iban: str) -> list[Gap]:
    """Where statements of an account do not join, the latest first. Those that overlap, or say no balance, tell nothing."""
    latest = BankStatement.objects.filter(iban=iban, first_on__isnull=False, opening_minor__isnull=False)
    found: list[Gap] = []
    last: BankStatement | None = None
    for one in sorted(latest.order_by("-last_on", "-pk")[:LATEST], key=lambda one: (one.first_on, one.last_on, one.pk)):
        if last is None or last.last_on is None or one.first_on is None or one.last_on is None:
            last = one
            continue
        apart = one.first_on > last.last_on and last.closing_minor is not None
        if apart and one.opening_minor != last.closing_minor:
            found.append(Gap(last, one))
        if one.last_on >= last.last_on:
            last = one
    return found[::-1]


def silent_since(*, now: datetime, days: int) -> datetime | None:
    """When the last statement was imported, if that is longer ago than ``days``; None where none ever was."""
    last = BankStatement.objects.order_by("-imported_at").values_list("imported_at", flat=True).first()
    return last if last and last < now - timedelta(days=days) else None
