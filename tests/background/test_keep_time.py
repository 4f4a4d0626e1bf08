from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bonafide.background import keep_time as module
from bonafide.background.keep_time import keep_time
from bonafide.background.models import Due
from bonafide.background.schedules import Schedule
from bonafide.serving import declared_schedules

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = Schedule("hourly", "tests.background.jobs.note", 60)
pytestmark = pytest.mark.django_db


def tick(now: datetime, *schedules: Schedule) -> list[str]:
    return keep_time(schedules=schedules or (HOURLY,), now=now, zone=ZoneInfo("Europe/Paris"))


def finish_all() -> None:
    DBTaskResult.objects.update(status=TaskResultStatus.SUCCESSFUL)


def test_a_new_schedule_is_due_at_once_and_then_at_its_rhythm():
    assert tick(NOW) == ["hourly"]
    finish_all()
    assert tick(NOW + timedelta(minutes=59)) == []
    assert tick(NOW + timedelta(minutes=60)) == ["hourly"]
    assert DBTaskResult.objects.count() == 2


def test_missed_times_are_caught_up_by_one_run():
    tick(NOW)
    finish_all()
    assert tick(NOW + timedelta(hours=9)) == ["hourly"]
    assert tick(NOW + timedelta(hours=9, minutes=1)) == []
    assert DBTaskResult.objects.ready().count() == 1


def test_a_task_that_still_waits_is_not_enqueued_again():
    tick(NOW)
    tick(NOW + timedelta(hours=1))
    assert DBTaskResult.objects.count() == 1


def test_of_two_schedulers_that_saw_the_same_moment_one_enqueues():
    tick(NOW)
    finish_all()
    seen = Due.objects.get().next_run_at
    later = NOW + timedelta(hours=2)
    zone = ZoneInfo("Europe/Paris")
    assert module._take(HOURLY, seen, later, zone) is True
    assert module._take(HOURLY, seen, later, zone) is False
    assert DBTaskResult.objects.ready().count() == 1


def test_two_schedulers_that_both_see_a_new_schedule_enqueue_once():
    zone = ZoneInfo("Europe/Paris")
    assert module._take(HOURLY, None, NOW, zone) is True
    assert module._take(HOURLY, None, NOW, zone) is False
    assert DBTaskResult.objects.count() == 1


def test_a_task_that_cannot_be_enqueued_leaves_the_schedule_due():
    with pytest.raises(ImportError):
        tick(NOW, Schedule("gone", "tests.background.jobs.no_such_task", 60))
    assert not Due.objects.exists()


def test_every_declared_schedule_names_a_task_and_a_time():
    declared = declared_schedules()
    assert len({schedule.name for schedule in declared}) == len(declared) >= 2
    assert tick(NOW, *declared) == [schedule.name for schedule in declared]
