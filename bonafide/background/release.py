"""Give tasks back whose worker is gone: the queue's own code leaves them "running" for ever."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

ATTEMPTS = 5
LEASE = timedelta(hours=1)  # how long a worker on another machine is believed to be still at it


class WorkerLost(Exception):
    """What is noted on a task whose workers died under it too often."""


def worker_name() -> str:
    """This process, so that its death can be told from its silence."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def release_lost(*, now: datetime) -> int:
    """Make tasks ready again whose worker on this machine has died, or that have run for longer than the lease.

    After five workers died under a task it is marked as failed instead: it may be what kills them. Returns how many there were.
    """
    released = 0
    for held in DBTaskResult.objects.running().order_by("started_at"):
        worker = held.worker_ids[-1] if held.worker_ids else ""
        if not (_is_dead(worker) or (held.started_at and held.started_at < now - LEASE)):
            continue
        mine = DBTaskResult.objects.filter(pk=held.pk, status=TaskResultStatus.RUNNING, started_at=held.started_at)
        if len(held.worker_ids) < ATTEMPTS:
            released += mine.update(status=TaskResultStatus.READY, started_at=None)
        else:
            released += mine.update(
                status=TaskResultStatus.FAILED,
                finished_at=now,
                exception_class_path=f"{WorkerLost.__module__}.{WorkerLost.__qualname__}",
                traceback=f"{ATTEMPTS} workers died while running this task: {', '.join(held.worker_ids)}",
            )
    return released


def _is_dead(worker: str) -> bool:
    """Whether this is a process of this machine that no longer exists."""
    host, _, pid = worker.rpartition(":")
    if host != socket.gethostname()[:40] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
