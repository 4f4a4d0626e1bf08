from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bonafide.background.schedules import Schedule, next_run

PARIS = ZoneInfo("Europe/Paris")


def test_minutes_are_counted_from_now():
    schedule = Schedule("each", "x", 5)
    now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    assert next_run(schedule=schedule, after=now, zone=PARIS) == datetime(2026, 3, 1, 12, 5, 30, tzinfo=UTC)


def test_a_cron_expression_is_on_the_operators_clock():
    schedule = Schedule("night", "x", "10 3 * * *")
    winter = next_run(schedule=schedule, after=datetime(2026, 1, 10, 12, tzinfo=UTC), zone=PARIS)
    summer = next_run(schedule=schedule, after=datetime(2026, 7, 10, 12, tzinfo=UTC), zone=PARIS)
    assert winter == datetime(2026, 1, 11, 2, 10, tzinfo=UTC)
    assert summer == datetime(2026, 7, 11, 1, 10, tzinfo=UTC)


def test_it_comes_once_a_night_when_the_clocks_change():
    schedule = Schedule("night", "x", "10 3 * * *")
    moment, nights = datetime(2026, 10, 23, 12, tzinfo=UTC), []
    for _ in range(4):
        moment = next_run(schedule=schedule, after=moment, zone=PARIS)
        nights.append(moment.astimezone(PARIS).strftime("%d %H:%M"))
    assert nights == ["24 03:10", "25 03:10", "26 03:10", "27 03:10"]
