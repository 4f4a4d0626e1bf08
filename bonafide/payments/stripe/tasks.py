"""What the background workers run. The clock is read here."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from bonafide.payments.stripe.client import is_on

logger = logging.getLogger(__name__)

_SECONDS = 50  # under the minute after which it comes again, so that a long backlog leaves room for other tasks
_BATCH = 50
_WAITS = f"SELECT 1 FROM {DBTaskResult._meta.db_table} WHERE status = %s AND task_path = %s LIMIT 1"  # noqa: S608 — its own name


@task()
def follow_waiting() -> str:
    """Follow the events that wait, until none is due or the time is over; the bodies of old ones are emptied."""
    from bonafide.payments.stripe.empty_hooks import empty_hooks
    from bonafide.payments.stripe.process import follow_hooks

    empty_hooks(now=timezone.now())
    if not is_on():
        return "off"
    begun, done = time.monotonic(), 0
    while time.monotonic() - begun < _SECONDS:
        batch = follow_hooks(operator=settings.OPERATOR, now=timezone.now(), limit=_BATCH)
        done += batch.done
        if not sum(batch):
            break
    return f"{done} followed"


@task()
def reconcile_all() -> str:
    """Every hour: look at what happened at Stripe, told or not, and compare its money with our books."""
    from bonafide.payments.stripe.reconcile import reconcile

    if not is_on():
        return "off"
    found = reconcile(operator=settings.OPERATOR, now=timezone.now())
    return f"{found.looked} looked at, {found.movements} movements, {found.differences} differences"


def ask_to_follow() -> None:
    """Have a worker follow what waits; one waiting task is enough for all.

    Call it once what waits is committed: a task that is still waiting then will find it. Should the process die in between, the
    minute's round does.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [TaskResultStatus.READY.value, follow_waiting.module_path])
        waits = cursor.fetchone()
    if not waits:
        follow_waiting.enqueue()
