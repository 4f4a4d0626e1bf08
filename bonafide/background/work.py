"""Run the queue's tasks, one at a time, until told to stop. Several processes of this share one queue."""

from __future__ import annotations

from collections.abc import Callable

from django.db import OperationalError, close_old_connections
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import is_locked_database_exception


def run_waiting(*, worker_id: str, stopping: Callable[[], bool]) -> int:
    """Run tasks until none waits or ``stopping`` says so; returns how many ran.

    Asking whether there is anything only reads: the queue's own loop would take SQLite's write lock at every look.
    A database locked by a long import is waited for, not died of.
    """
    ran = 0
    while not stopping():
        close_old_connections()
        try:
            if not DBTaskResult.objects.ready().exists():
                return ran
            ran += _run_one(worker_id)
        except OperationalError as error:
            if not is_locked_database_exception(error):
                raise
    return ran


def _run_one(worker_id: str) -> int:
    """Take one task, if no other worker was faster, and run it."""
    worker = Worker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=worker_id,
    )
    worker.run()
    return int(worker._run_tasks)
