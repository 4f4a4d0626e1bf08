"""What Stripe told is forgotten soon: bodies of events that are done, and after a while the events themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from bonafide.payments.stripe.inventory import BODY_KEPT_DAYS, HOOK_KEPT_DAYS
from bonafide.payments.stripe.models import Hook


def empty_hooks(*, now: datetime) -> int:
    """Empty the bodies of events that ended days ago and delete those of two months ago; how many rows changed."""
    ended = Hook.objects.exclude(state=Hook.State.WAITING)
    old = Hook.objects.filter(received_at__lt=now - timedelta(days=HOOK_KEPT_DAYS)).delete()[0]
    full = ended.filter(received_at__lt=now - timedelta(days=BODY_KEPT_DAYS)).exclude(body=b"")
    return old + full.update(body=b"")
