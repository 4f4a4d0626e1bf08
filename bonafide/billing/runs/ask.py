"""Ask for a month's rehearsal, or for its bills to be issued; the workers do it. Asked twice, it is done once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bonafide.billing.run import MonthNotOver
from bonafide.billing.runs.models import Issuing, Rehearsal
from bonafide.billing.runs.signed import signed_for
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month


class IsIssuing(Refused):
    """While bills go out they are not rehearsed again: the run compares with what was rehearsed."""


def ask_rehearsal(*, month: Month, now: datetime, by: Any = None) -> Rehearsal:
    """The rehearsal that is at work already, or a new one. A sign-off of an earlier one holds no longer from here on.

    Enqueue ``tasks.rehearse`` once the transaction has committed.

    :raises IsIssuing: while the month's bills are being issued.
    """
    with transaction.atomic():
        if Issuing.objects.filter(month=month.key, ended_at=None).exists():
            raise IsIssuing(f"the bills of {month} are being issued: rehearse what is left once that is done")
        rehearsal, _made = Rehearsal.objects.get_or_create(
            month=month.key, ended_at=None, defaults={"asked_at": now, "asked_by": by}
        )
    return rehearsal


def ask_issuing(*, month: Month, operator: Operator, now: datetime, by: Any = None) -> Issuing:
    """The issuing that is at work already, or a new one. Enqueue ``tasks.issue`` once the transaction has committed.

    :raises MonthNotOver: before the month has ended. :raises NotSignedOff: see :func:`signed_for`.
    """
    if now < month.end(operator.zone):
        raise MonthNotOver(f"{month} is not over yet: its bills can be issued from {month.next().first_day} on")
    with transaction.atomic():
        signed = signed_for(month=month, operator=operator)
        issuing, _made = Issuing.objects.get_or_create(
            month=month.key,
            ended_at=None,
            defaults={"asked_at": now, "asked_by": by, "rehearsal_id": signed.rehearsal_id if signed else None},
        )
    return issuing
