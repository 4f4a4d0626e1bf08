"""What the background workers run. The clock is read here."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.privacy.sweep import sweep_old_logs
from bonafide.privacy.sweep_rows import sweep_rows


@task()
def sweep_logs() -> str:
    """Every hour: delete the lines of logs that are due."""
    swept = sweep_old_logs(operator=settings.OPERATOR, now=timezone.now())
    return f"{swept.lines_deleted} lines and {swept.files_deleted} files deleted of {swept.files}"


@task()
def sweep_tables() -> str:
    """Every hour: erase the IP addresses and delete the histories that are due."""
    swept = sweep_rows(operator=settings.OPERATOR, now=timezone.now())
    return f"{sum(swept.addresses.values())} addresses erased, {sum(swept.deleted.values())} rows of history deleted"
