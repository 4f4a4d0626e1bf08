"""Charging, and what was left behind of refunds, in the background."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.operator import Operator
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.client import is_on
from bonafide.payments.stripe.refunds import resume_refunds


@task()
def charge_bills() -> str:
    """Every ten minutes: bills that are due and charged by themselves; refunds that Stripe gave no answer about."""
    if not is_on():
        return "off"
    operator: Operator = settings.OPERATOR
    counts = charge_due(operator=operator, now=timezone.now())
    refunds = resume_refunds(operator=operator, now=timezone.now())
    said = [f"{count} {outcome}" for outcome, count in counts.items()]
    return ", ".join([*said, f"{refunds} refunds taken up"] if refunds else said) or "nothing due"
