"""What the background workers run."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.sessions.expire import end_overdue


@task()
def mark_overdue() -> str:
    """Every hour: history says of each session when it ended, though nobody came back with its cookie."""
    return f"{end_overdue(now=timezone.now(), limits=settings.OPERATOR.sessions)} ended"
