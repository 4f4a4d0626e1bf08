"""What runs by itself: the type in which packages declare it, and the arithmetic of "when next". Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter


@dataclass(frozen=True)
class Schedule:
    """A task and its rhythm.

    ``task`` is the dotted name of a ``django_tasks`` task without arguments. ``rhythm`` is a number of minutes, or a cron
    expression on the operator's clock ("10 3 * * *" is each day at 03:10).
    """

    name: str
    task: str
    rhythm: int | str


SCHEDULES = (Schedule("forget-finished-tasks", "bonafide.background.tasks.forget_finished", "40 3 * * *"),)


def next_run(*, schedule: Schedule, after: datetime, zone: ZoneInfo) -> datetime:
    """The first time of this schedule later than ``after``. Missed times do not pile up: they are one run."""
    if isinstance(schedule.rhythm, int):
        return after + timedelta(minutes=schedule.rhythm)
    moment: datetime = croniter(schedule.rhythm, after.astimezone(zone)).get_next(datetime)
    return moment.astimezone(after.tzinfo)
