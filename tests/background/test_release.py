import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bonafide.background.release import ATTEMPTS, LEASE, release_lost, worker_name
from tests.background import jobs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def dead_worker() -> str:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()[:40]}:{process.pid}"


def held_by(*workers: str, since: datetime = NOW) -> DBTaskResult:
    jobs.note.enqueue()
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING, started_at=since, worker_ids=list(workers))
    return DBTaskResult.objects.get()


def state() -> str:
    return str(DBTaskResult.objects.get().status)


def test_a_task_whose_worker_died_is_ready_again():
    held_by(dead_worker())
    assert release_lost(now=NOW) == 1
    assert state() == TaskResultStatus.READY


def test_a_task_whose_worker_lives_is_left_alone():
    held_by(worker_name())
    assert worker_name().endswith(f":{os.getpid()}")
    assert release_lost(now=NOW + LEASE) == 0
    assert state() == TaskResultStatus.RUNNING


def test_a_worker_on_another_machine_is_believed_for_an_hour():
    held_by("elsewhere:1")
    assert release_lost(now=NOW + LEASE) == 0
    assert release_lost(now=NOW + LEASE + timedelta(seconds=1)) == 1


def test_a_task_that_outlived_five_workers_is_failed_and_says_so():
    held_by(*["elsewhere:1"] * (ATTEMPTS - 1), dead_worker())
    release_lost(now=NOW)
    assert state() == TaskResultStatus.FAILED
    assert "5 workers died" in DBTaskResult.objects.get().traceback
