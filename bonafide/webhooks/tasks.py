"""What the background workers do about events. The rows say what is to be done; arguments are names of endpoints alone."""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from bonafide.webhooks.deliver import take_turn
from bonafide.webhooks.endpoints import note_endpoints
from bonafide.webhooks.models import Delivery

_BATCH = 20
_SECONDS = 20  # of a turn: then the workers have time for everything else


@task()
def deliver_events() -> str:
    """Every minute: a turn for each endpoint for which something is due, each in a task of its own."""
    configured = {endpoint.id for endpoint in settings.OPERATOR.webhooks}
    if not configured:
        return "no endpoint"
    note_endpoints()
    due = Delivery.objects.due(timezone.now()).filter(endpoint__in=configured).order_by()
    waiting = sorted(due.values_list("endpoint", flat=True).distinct())
    _enqueue(waiting)
    return f"{len(waiting)} endpoints"


@task()
def deliver_to(code: str) -> str:
    """One endpoint's turn."""
    endpoint = next((one for one in settings.OPERATOR.webhooks if one.id == code), None)
    if endpoint is None:
        return f"{code} is not in the operator's file any more"
    until, delivered, failed = time.monotonic() + _SECONDS, 0, 0
    while True:
        turn = take_turn(endpoint=endpoint, now=timezone.now(), limit=_BATCH, stopping=lambda: time.monotonic() >= until)
        delivered, failed = delivered + turn.delivered, failed + turn.failed
        if turn.again_at:
            deliver_to.using(run_after=turn.again_at).enqueue(code)
        if turn.ended or turn.found < _BATCH or time.monotonic() >= until:
            return f"{delivered} delivered, {failed} failed"


def deliver_soon(codes: Iterable[str]) -> None:
    """Ask the workers once the transaction has committed; were that lost, the minute's round finds what is due."""
    wanted = tuple(codes)

    def ask() -> None:
        _enqueue(wanted)

    transaction.on_commit(ask, robust=True)


def _enqueue(codes: Iterable[str]) -> None:
    """A turn for each endpoint that has none waiting already."""
    for code in codes:
        mine = DBTaskResult.objects.ready().filter(task_path=deliver_to.module_path, args_kwargs={"args": [code], "kwargs": {}})
        if not mine.exists():
            deliver_to.enqueue(code)
