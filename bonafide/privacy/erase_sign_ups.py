"""Erase the sign-ups that nobody confirmed in time. Called by the schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from bonafide.operator import Operator
from bonafide.privacy.erase import CannotErase, erase_sign_up
from bonafide.privacy.models import Erasure
from bonafide.sign_in.unconfirmed import never_confirmed

AT_ONCE = 500  # each is a transaction and a line of the journal; the next hour takes the next ones


@dataclass(frozen=True)
class SignUps:
    """How many were erased, and how many stay because the account that they alone answer for holds something."""

    erased: int
    stay: int


def erase_sign_ups(*, operator: Operator, now: datetime, limit: int = AT_ONCE) -> SignUps:
    """Those older than ``retention.unconfirmed_days``, the oldest first, at most ``limit``. No letter is sent.

    :param operator: with the values that are in force.
    """
    before = now - timedelta(days=operator.retention.unconfirmed_days)
    gone = Erasure.objects.filter(person=OuterRef("pk"), done_at__isnull=False)  # what the law keeps of them is there still
    due = never_confirmed(before=before).exclude(Exists(gone)).order_by("date_joined", "pk").values_list("pk", flat=True)
    erased = stay = 0
    for person_id in list(due):
        if erased == limit:
            break
        try:
            erase_sign_up(person_id=person_id, before=before, now=now)
            erased += 1
        except CannotErase:
            stay += 1
    return SignUps(erased, stay)
