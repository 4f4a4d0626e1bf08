"""What is done about unpaid bills in the background."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.in_force import operator_now
from bonafide.payments.dunning.follow_up import follow_up
from bonafide.payments.dunning.reinstate import reinstate_paid
from bonafide.payments.dunning.tell_staff import tell_of_tomorrow


@task()
def follow_up_unpaid() -> str:
    """Every quarter of an hour: letters from the morning on, suspensions and closings that were planned."""
    now = timezone.now()
    counted = follow_up(operator=operator_now(now=now), now=now)
    return f"{counted.done} done, {counted.planned} planned, {counted.paid} paid"


@task()
def reinstate_who_paid() -> str:
    """Every five minutes: who paid is reinstated."""
    return f"{reinstate_paid(operator=settings.OPERATOR, now=timezone.now())} paid"


@task()
def tell_staff_of_tomorrow() -> str:
    """Each morning: what happens tomorrow."""
    now = timezone.now()
    return f"{tell_of_tomorrow(operator=operator_now(now=now), now=now)} letters"
