import sqlite3
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bonafide.background.tasks import KEPT, forget_finished
from bonafide.background.work import run_waiting
from tests.background import jobs

# A worker closes connections between tasks, as it must, so no test here can live inside a transaction.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _clean_slate():
    jobs.ran.clear()


def run() -> int:
    return run_waiting(worker_id="here:1", stopping=lambda: False)


def test_everything_that_waits_is_run_in_order():
    for word in ("one", "two", "three"):
        jobs.note.enqueue(word)
    assert run() == 3
    assert jobs.ran == ["one", "two", "three"]
    assert run() == 0


def test_a_task_that_fails_is_kept_with_its_reason_and_the_next_one_runs():
    jobs.fail.enqueue()
    jobs.note.enqueue()
    run()
    assert jobs.ran == ["called"]
    assert "always fails" in DBTaskResult.objects.failed().get().traceback


def test_asked_to_stop_it_takes_no_further_task():
    jobs.note.enqueue("one")
    jobs.note.enqueue("two")
    run_waiting(worker_id="here:1", stopping=lambda: bool(jobs.ran))
    assert jobs.ran == ["one"]
    assert DBTaskResult.objects.ready().count() == 1


def test_a_database_locked_by_a_long_import_is_waited_for(monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite: PostgreSQL locks rows, not the database")
    jobs.note.enqueue()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    connection.close()
    importer = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    importer.execute("BEGIN IMMEDIATE")
    looks = []

    def stopping() -> bool:
        looks.append(1)
        if len(looks) == 3:
            importer.execute("COMMIT")
        return len(looks) > 20

    assert run_waiting(worker_id="here:1", stopping=stopping) == 1
    assert len(looks) >= 3
    assert jobs.ran == ["called"]
    importer.close()


def test_finished_tasks_are_forgotten_after_two_weeks_and_waiting_ones_never():
    jobs.note.enqueue("old")
    jobs.note.enqueue("fresh")
    run()
    jobs.note.enqueue("waiting")
    long_ago = timezone.now() - KEPT - timedelta(days=1)
    old = DBTaskResult.objects.successful().order_by("enqueued_at").first()
    assert old is not None
    DBTaskResult.objects.filter(pk=old.pk).update(finished_at=long_ago)
    forget_finished.call()
    assert not DBTaskResult.objects.filter(pk=old.pk).exists()
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == [
        TaskResultStatus.READY,
        TaskResultStatus.SUCCESSFUL,
    ]
