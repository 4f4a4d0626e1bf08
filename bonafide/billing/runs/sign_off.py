"""Somebody of the staff signs a rehearsal off: its bills may go out as they are, and the month takes no more usage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bonafide.billing.run import MonthNotOver
from bonafide.billing.runs.models import Rehearsal, SignOff
from bonafide.billing.runs.rehearse_all import events_of
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.usage.closing import close_month


class CannotSignOff(Refused):
    """The rehearsal has no result, is not the newest, or usage has come since it began."""


def sign_off(*, rehearsal_id: int, by: Any, operator: Operator, now: datetime, note: str = "") -> SignOff:
    """Sign the rehearsal off and close its month, so that usage which arrives from now on is late and changes none of its bills.

    Signed twice, it is signed once.

    :raises MonthNotOver: before the month has ended. :raises CannotSignOff: see there.
    """
    with transaction.atomic():
        rehearsal = Rehearsal.objects.select_for_update().filter(pk=rehearsal_id).first()
        if rehearsal is None:
            raise CannotSignOff("there is no such rehearsal any more: look at the newest one")
        done = SignOff.objects.filter(rehearsal=rehearsal).first()
        if done:
            return done
        month = Month.from_key(rehearsal.month)
        _refuse_unfit(rehearsal, month, operator, now)
        close_month(month=month, now=now)
        came = events_of(month) - rehearsal.events
        if came:
            raise CannotSignOff(f"the usage of {month} has changed since it was rehearsed ({came:+d} events): rehearse it again")
        return SignOff.objects.create(rehearsal=rehearsal, signed_by=by, said_by=by.username, signed_at=now, note=note[:300])


def newest_of(*, month: Month) -> Rehearsal:
    """The rehearsal of the month that counts.

    :raises CannotSignOff: when the month was never rehearsed into the table.
    """
    found = Rehearsal.objects.of_month(month.key).first()
    if found is None:
        raise CannotSignOff(f"{month} is not rehearsed: 'bonafide bills rehearse {month} --save' does it")
    return found


def _refuse_unfit(rehearsal: Rehearsal, month: Month, operator: Operator, now: datetime) -> None:
    if now < month.end(operator.zone):
        raise MonthNotOver(f"{month} is not over yet: it can be signed off from {month.next().first_day} on")
    if Rehearsal.objects.of_month(month.key).filter(pk__gt=rehearsal.pk).exists():
        raise CannotSignOff(f"{month} was rehearsed again since: look at the newest rehearsal and sign that off")
    if rehearsal.ended_at is None:
        raise CannotSignOff(f"the rehearsal of {month} is still at work: wait for its end")
    if rehearsal.fault:
        raise CannotSignOff(f"the rehearsal of {month} ended without a result: rehearse it again")
    if rehearsal.emptied_at:
        raise CannotSignOff(f"the rehearsal of {month} is too old, its rows are gone: rehearse it again")
