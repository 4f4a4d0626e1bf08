"""The queue's own upkeep."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from bonafide.background.inventory import FINISHED_KEPT_DAYS

KEPT = timedelta(days=FINISHED_KEPT_DAYS)


@task()
def forget_finished() -> None:
    """Delete what was done, or failed, two weeks ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT).delete()
