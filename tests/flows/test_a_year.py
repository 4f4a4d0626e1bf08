"""More than a year at an operator's: everything that was promised to go is gone a day after its time, and was there a day before.

What happens carries canaries (``a_life.py``). All that recurs by itself runs around each limit, and then every byte that is kept
is searched: the database's file, logs, letters, documents. A new limit is a line of ``TRACES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from bonafide.periods import months_after
from tests.factories.billing import operator
from tests.flows.a_life import Day, everything, journal, open_elsewhere, run_what_recurs

FIRST = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAYS = (FIRST, FIRST + timedelta(days=40))
# Another number for each, so that none is kept by another's.
RETENTION = {
    "ip_months": 12,
    "history_months": 14,
    "looks_months": 20,
    "letters_days": 60,
    "invitations_days": 45,
    "usage_months": 16,
}
DAY = timedelta(days=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
ZONE = operator().zone


@dataclass(frozen=True)
class Trace:
    """``canary`` of a day can be found in each place of ``until`` as long as the limit that stands there, and in no other place.

    A limit is a setting, ``section.name`` of the operator's file, or ``N days``, or ``for ever``. ``waits`` names places in which
    nothing keeps the limit yet, and what is missing; the test fails once something does.
    """

    what: str
    canary: Callable[[Day], str]
    until: dict[str, str]
    waits: dict[str, str] = field(default_factory=dict)


ADDRESS = {"database": "retention.ip_months", "logs": "logs.days"}
HISTORY = {"database": "retention.history_months"}
LETTER = {"letters": "retention.letters_days"}
BY_HAND = {"letters": "letters that are written to files, while a console is tried out, are deleted by hand"}
TRACES = [
    # IP addresses
    Trace("address of a sign-up", lambda day: day.ip(1), ADDRESS),
    Trace("address of a failed try", lambda day: day.ip(2), ADDRESS),
    Trace("address of a sign-in", lambda day: day.ip(3), ADDRESS),
    Trace("address of a session, from where it was last used", lambda day: day.ip(4), ADDRESS),
    Trace("address of a program", lambda day: day.ip(6), {"logs": "logs.days"}),
    Trace("address of staff", lambda day: day.ip(7), {"logs": "logs.days"}),
    Trace("address of staff on a visit", lambda day: day.ip(8), {"logs": "logs.days"}),
    Trace("address in logs of others, of the moment, rotated, compressed", lambda day: day.ip(0), {"logs": "logs.days"}),
    # histories
    Trace("the browser of a failed try", lambda day: f"Firefox 77{day.serial}2", HISTORY),
    Trace("the browser of a session", lambda day: f"Firefox 77{day.serial}3", {**HISTORY, **LETTER}, BY_HAND),
    # who was written to
    Trace(
        "whom somebody invited",
        lambda day: day.email("invited"),
        {"database": "retention.invitations_days + 7", **LETTER},
        BY_HAND,
    ),
    Trace(
        "an address that somebody asked for and withdrew",
        lambda day: day.email("withdrawn"),
        {"database": "retention.invitations_days + 1", **LETTER},
        BY_HAND,
    ),
    Trace(
        "an address that somebody gave up",
        lambda day: day.email("before"),
        {"database": "retention.letters_days", **LETTER},
        BY_HAND,
    ),
    # what staff looked at
    Trace("why staff looked", lambda day: day.word("look"), {"database": "retention.looks_months"}),
    Trace("why staff visited", lambda day: day.word("visit"), {"database": "retention.looks_months"}),
    # usage
    Trace("what used", lambda day: day.word("machine"), {"database": "retention.usage_months"}),
    # the queue, and what goes wrong
    Trace("what a task was given, and said", lambda day: day.email("argument"), {"database": "14 days", "logs": "logs.days"}),
    Trace("a stack trace in our own log", lambda day: day.email("stack"), {"logs": "logs.days"}),
    # what is never kept
    Trace("a name typed wrongly", lambda day: day.email("typed"), {}),
    # what the law keeps
    Trace(
        "whom a bill is for",
        lambda day: day.word("billed"),
        {"database": "for ever", "documents": "for ever", **LETTER},  # the letter that announces it
        BY_HAND,
    ),
]


def over(limit: str, since: datetime) -> datetime:
    """When what happened then is past the limit. ``+ N`` are days that it is good for first."""
    if limit == "for ever":
        return NEVER
    if limit.endswith(" days"):
        return since + timedelta(days=int(limit.split()[0]))
    setting, _plus, good_for = limit.partition(" + ")
    since += timedelta(days=int(good_for or 0))
    section, _dot, name = setting.partition(".")
    amount = getattr(getattr(_operator(Path("/nowhere")), section), name)
    return months_after(since, amount, ZONE) if name.endswith("_months") else since + timedelta(days=amount)


def _operator(others: Path) -> object:
    return operator(retention=RETENTION, logs={"directories": (str(others),), "days": 30}, mail={"delivery": "file"})


@pytest.fixture
def others(tmp_path, settings):
    place = tmp_path / "logs-of-others"
    place.mkdir()
    settings.OPERATOR = _operator(place)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "letters")
    return place


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_was_promised_to_go_is_gone_a_day_later_and_was_there_a_day_before(others, monkeypatch):
    to_live = [Day(at, serial, others) for serial, at in enumerate(DAYS, start=1)]
    lived: list[Day] = []
    wrong: set[str] = set()
    with journal(others / "console.log"), open_elsewhere():
        for now in moments():
            while to_live and to_live[0].at < now:
                lived.append(to_live.pop(0))
                lived[-1].happens(monkeypatch)
            with time_machine.travel(now, tick=False):
                run_what_recurs()
                kept = everything(others=others)
            for day in lived:
                wrong |= faults(kept, day, now)
    assert not wrong, "\n" + "\n".join(sorted(wrong))


def moments() -> list[datetime]:
    """A day before and a day after each limit, and in the evening of what happens."""
    limits = {over(limit, at) for trace in TRACES for limit in trace.until.values() for at in DAYS} - {NEVER}
    return sorted({moment + step for moment in limits for step in (-DAY, DAY)} | {at + DAY / 2 for at in DAYS})


def faults(kept: dict[str, bytes], day: Day, now: datetime) -> set[str]:
    found = set()
    for trace in TRACES:
        places = {place for place, content in kept.items() if trace.canary(day).encode() in content}
        for place in places - set(trace.until):
            found.add(f"{trace.what}: in {place}, where it never should be")
        for place, limit in trace.until.items():
            ends = over(limit, day.at)
            if now <= ends - DAY and place not in places:
                found.add(f"{trace.what}: no longer in {place} before {limit} is over")
            if now >= ends + DAY and place in places and place not in trace.waits:
                found.add(f"{trace.what}: still in {place} a day after {limit} was over")
            if now >= ends + DAY and place not in places and place in trace.waits:
                found.add(f"{trace.what}: gone in time now from {place}; take the mark off ({trace.waits[place]})")
    return found


@pytest.mark.parametrize(
    ("kept", "days_later", "fault"),
    [
        ({"logs": b"203.0.113.161"}, 29, ""),
        ({"logs": b"203.0.113.161"}, 31, "still in logs a day after"),
        ({"logs": b""}, 29, "no longer in logs before"),
        ({"logs": b"203.0.113.161", "letters": b"203.0.113.161"}, 1, "in letters, where it never should be"),
    ],
)
def test_what_stays_goes_early_or_strays_would_be_seen(kept, days_later, fault, monkeypatch):
    [trace] = [trace for trace in TRACES if trace.what == "address of a program"]
    monkeypatch.setattr("tests.flows.test_a_year.TRACES", [trace])
    found = faults(kept, Day(FIRST, 1, Path()), FIRST + days_later * DAY)
    assert len(found) == bool(fault)
    assert fault in "".join(found)
