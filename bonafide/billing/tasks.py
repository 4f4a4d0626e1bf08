"""What is done about bills in the background."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.billing.balance.expire import expire_grants
from bonafide.billing.balance.tell import tell_ending
from bonafide.billing.budgets.tell import tell_budgets
from bonafide.billing.closings.close import PAUSE, CannotClose, close_months
from bonafide.billing.explain.note_usage import note_next
from bonafide.billing.ip_countries import countries_in, note_ip_countries
from bonafide.billing.tell_service import tell_service
from bonafide.operator import Operator
from bonafide.periods import Month

_SECONDS = 60


@task()
def note_countries_of_sign_ins() -> str:
    """On the first of each month, before bills: evidence for where consumers are, if the operator has a list of networks."""
    path = settings.OPERATOR.tax.ip_countries
    if not path:
        return "no list of networks"
    with countries_in(path) as countries:
        added = note_ip_countries(operator=settings.OPERATOR, countries=countries, now=timezone.now())
    return f"{added} added"


@task()
def note_usage_of_bills() -> str:
    """Every ten minutes, for a minute: the digests of usage files of bills that have none yet, the first issued first."""
    begun, noted = time.monotonic(), 0
    while time.monotonic() - begun < _SECONDS and note_next(operator=settings.OPERATOR, now=timezone.now()):
        noted += 1
    return f"{noted} noted"


@task()
def tell_of_budgets() -> str:
    """Every hour: letters about running months that have reached an amount."""
    return f"{tell_budgets(operator=settings.OPERATOR, now=timezone.now())} reached"


@task()
def close_books() -> str:
    """Every night: months that ended ten days ago or earlier, from the first in which something was booked."""
    operator: Operator = settings.OPERATOR
    now = timezone.now()
    until = Month.of(now - PAUSE, operator.zone).previous()
    try:
        closed = close_months(until=until, operator=operator, now=now)
    except CannotClose:
        return "nothing was booked"
    return f"{len(closed)} closed"


@task()
def end_balances() -> str:
    """Each night: what is over expires, and letters tell of what will."""
    operator, now = settings.OPERATOR, timezone.now()
    return f"{expire_grants(operator=operator, now=now)} expired, {tell_ending(operator=operator, now=now)} letters"


@task()
def tell_service_of_bills() -> str:
    """Every minute, for half of one: events about bills that were issued, corrected or paid since."""
    begun, told = time.monotonic(), 0
    while time.monotonic() - begun < _SECONDS / 2 and (some := tell_service(operator=settings.OPERATOR, now=timezone.now())):
        told += some
    return f"{told} told"
