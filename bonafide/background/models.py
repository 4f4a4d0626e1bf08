"""When each schedule is due next."""

from __future__ import annotations

from django.db import models


class Due(models.Model):
    """One schedule's next time. Whoever moves the row to the time after enqueues the task, so two schedulers never both do."""

    name = models.CharField(max_length=100, unique=True)
    next_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.next_run_at:%Y-%m-%d %H:%M}"
