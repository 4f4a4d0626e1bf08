"""Letters in a folder, of a console that is tried out, go by their date, as the record of processing says."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from bonafide.holdings import Kind
from bonafide.instance import Instance
from bonafide.mail.inventory import PLACES
from bonafide.privacy.ends import said_end
from bonafide.privacy.models import SweepRun
from bonafide.privacy.sweep import sweep_old_logs
from tests.factories.accounts import make_user
from tests.factories.billing import operator
from tests.factories.privacy import make_hold

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WRITERS = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "INSTANCE", Instance(tmp_path))
    return settings.INSTANCE.letters


def put(folder: Path, at: datetime, to: str = "ana@example.com") -> None:
    """As mail delivery "file" writes them; the file itself is always of today."""
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=folder)
    WRITERS.append(connection)  # each names its file by its place in memory: none may take another's
    headers = {"Date": f"{at:%a, %d %b %Y %H:%M:%S %z}"}
    EmailMessage("Hello", "Date: Thu, 01 Jan 1970 00:00:00 +0000", to=[to], headers=headers, connection=connection).send()


def sweep(now: datetime = NOW, days: int = 10) -> None:
    sweep_old_logs(operator=operator(retention={"letters_days": days}), now=now)


def test_they_go_by_the_date_in_them_whatever_the_file_says(folder):
    put(folder, NOW - 11 * DAY)
    put(folder, NOW - 9 * DAY)
    sweep()
    [left] = folder.iterdir()
    assert (NOW - 9 * DAY).strftime("%d %b %Y") in left.read_text()
    assert SweepRun.objects.get().counts["letters"] == {"files": 2, "files_deleted": 1, "held": 0}
    sweep(NOW + 2 * DAY)
    assert list(folder.iterdir()) == []


def test_a_file_without_a_date_is_as_old_as_its_last_change(folder):
    folder.mkdir()
    for name, days in (("old.log", 11), ("young.log", 9)):
        (folder / name).write_text("To: ana@example.com")
        os.utime(folder / name, times=((NOW - days * DAY).timestamp(),) * 2)
    sweep()
    assert [path.name for path in folder.iterdir()] == ["young.log"]


def test_a_hold_on_letters_keeps_those_of_whom_it_names(folder):
    make_hold(Kind.LETTERS, person=make_user(email="nora@example.com"), now=NOW - DAY, days=30)
    for to in ("nora@example.com", "ana@example.com"):
        put(folder, NOW - 11 * DAY, to)
    sweep()
    [left] = folder.iterdir()
    assert "nora@example.com" in left.read_text()
    sweep(NOW + 30 * DAY)
    assert list(folder.iterdir()) == []


def test_the_inventory_says_so():
    [place] = PLACES
    assert said_end(place, operator(retention={"letters_days": 45})) == "deleted after 45 days"
