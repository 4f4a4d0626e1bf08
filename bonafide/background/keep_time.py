"""Enqueue what is due. Called every few seconds by the scheduler; harmless from several at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.module_loading import import_string
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from bonafide.background.models import Due
from bonafide.background.schedules import Schedule, next_run


def keep_time(*, schedules: Iterable[Schedule], now: datetime, zone: ZoneInfo) -> list[str]:
    """Enqueue the tasks whose time has come and give their names.

    A schedule seen for the first time is due at once; one whose last task still waits for a worker is not enqueued again.
    """
    started = []
    known = {due.name: due.next_run_at for due in Due.objects.all()}
    for schedule in schedules:
        if known.get(schedule.name, now) <= now and _take(schedule, known.get(schedule.name), now, zone):
            started.append(schedule.name)
    return started


@transaction.atomic
def _take(schedule: Schedule, seen: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Move the schedule to its next time and enqueue its task, both or neither; False when another scheduler was faster."""
    upcoming = next_run(schedule=schedule, after=now, zone=zone)
    if seen is None:
        if not Due.objects.get_or_create(name=schedule.name, defaults={"next_run_at": upcoming})[1]:
            return False
    elif not Due.objects.filter(name=schedule.name, next_run_at=seen).update(next_run_at=upcoming):
        return False
    task: Task[[], object] = import_string(schedule.task)
    if not DBTaskResult.objects.ready().filter(task_path=task.module_path).exists():
        task.enqueue()
    return True
