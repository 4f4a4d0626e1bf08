"""Tell owners of keys that end soon: two weeks before, and on the day before; each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from bonafide.accounts.letters import tell_of_end
from bonafide.accounts.models import ApiKey

NOTICES = (1, 14)  # days before the last day, the latest first


def tell_ending_keys(*, now: datetime, zone: ZoneInfo) -> int:
    """Write about each key whose last day on this clock is at most 14 days ahead, or at most one; how many keys that were.

    A key that was made for less than that is not written about: whoever made it has just read when it ends.
    """
    told = 0
    today = now.astimezone(zone).date()
    soon = ApiKey.objects.live(now=now).filter(
        account__closed_at=None, account__isnull=False, expires_at__lte=now + timedelta(days=max(NOTICES) + 2)
    )
    for key in soon.select_related("account").order_by("pk"):
        assert key.expires_at is not None  # noqa: S101 - the filter above
        last_day = (key.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
        days = next((notice for notice in NOTICES if (last_day - today).days <= notice), None)
        if days is not None and key.expires_at - key.created_at > timedelta(days=days + 1) and _tell(key, days, now):
            told += 1
    return told


@transaction.atomic
def _tell(key: ApiKey, days: int, now: datetime) -> bool:
    """Take the notice and write, both or neither: of two workers one writes."""
    mine = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    if not mine.filter(Q(end_told=None) | Q(end_told__gt=days)).update(end_told=days):
        return False
    assert key.account is not None  # noqa: S101 - the caller's filter
    tell_of_end(key=key, account=key.account, now=now)
    return True
