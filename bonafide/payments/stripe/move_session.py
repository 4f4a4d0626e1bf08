"""An attempt is brought up to the page of Stripe's that was made for it: that there is one, and that it has expired."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bonafide.payments.stripe.client import StripeRefused
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState


def session_moved(*, attempt_id: int, session: Any, now: datetime) -> Attempt:
    """Note the page of an attempt that was only written; end one whose page has expired before anybody paid there.

    :raises StripeRefused: for the page of another attempt.
    """
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
        if attempt.session_id not in (None, session.id):
            raise StripeRefused(f"{session.id} is not the page of attempt {attempt.key}")
        if attempt.state in ENDED:
            return attempt
        if attempt.state == AttemptState.WRITTEN:
            attempt.state = AttemptState.OPEN
        attempt.session_id, attempt.url, attempt.moved_at = session.id, session.url or "", now
        if session.status == "expired" and attempt.state == AttemptState.OPEN:
            attempt.state = AttemptState.CANCELLED
        attempt.save(update_fields=["state", "session_id", "url", "moved_at"])
    return attempt
