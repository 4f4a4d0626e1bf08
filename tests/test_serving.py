"""``bonafide serve`` as an operating system sees it: real processes, real signals, this run's kind of database."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bonafide.serving import declared_schedules
from tests.fakes.console import Console, Instance, free_port, instance, started

# Every schedule is due at once when it is seen for the first time.
SCHEDULED = len(declared_schedules())
WAIT_SECONDS = 60
SCHEDULED = len(declared_schedules())  # tasks that a new instance enqueues at once
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: processes are found through /proc")


def eventually(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < until, f"not within {WAIT_SECONDS} s: {what}"
        time.sleep(0.1)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _state(pid) not in ("", "Z")]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Instance, int]]:
    port = free_port()
    with instance(tmp_path / "instance", port=port) as made:
        yield made, port


@linux
def test_it_serves_says_where_refuses_a_taken_port_and_stops_clean(made: tuple[Instance, int]) -> None:
    place, port = made
    with started(place, port=port) as console:
        assert f"http://localhost:{port}" in console.said
        with urllib.request.urlopen(f"{console.url}/account/login/") as page:
            assert page.status == 200
            style = next(line for line in page.read().decode().split('"') if line.endswith(".css"))
        with urllib.request.urlopen(f"{console.url}{style}") as sheet:
            assert sheet.headers["Content-Type"].startswith("text/css")
        second = place.bonafide("serve", "--port", str(port), check=False)
        assert second.returncode == 1
        assert f"port {port} on 127.0.0.1 is taken" in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
        everything = console.descendants()
        assert len(alive(everything)) >= 3
        assert console.stop() == 0
        assert alive(everything) == []


@linux
def test_a_part_that_dies_brings_everything_down_with_a_plain_line(made: tuple[Instance, int]) -> None:
    place, port = made
    with started(place, port=port) as console:
        everything = console.descendants()
        worker = next(pid for pid in everything if "bonafide.serving\0worker" in _command(pid))
        os.kill(worker, signal.SIGKILL)
        assert console.process.wait(WAIT_SECONDS) == 1
        assert "the worker part was killed (SIGKILL): stopping everything" in console.said
        assert alive(everything) == []


@linux
def test_nothing_is_left_behind_when_the_parent_is_killed(made: tuple[Instance, int]) -> None:
    place, port = made
    with started(place, port=port) as console:
        everything = console.descendants()
        console.process.kill()
        console.process.wait()
        eventually(lambda: alive(everything) == [], "every process ended after its parent")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_worker_alone_refuses_a_database_that_is_not_up_to_date(made: tuple[Instance, int]) -> None:
    place, _port = made
    refused = place.bonafide("serve", "--only", "worker", check=False)
    assert refused.returncode == 1
    assert "start the web part first" in refused.stderr


def test_each_part_runs_alone(made: tuple[Instance, int]) -> None:
    place, port = made
    with started(place, port=port, options=("--only", "web")):
        assert tasks(place) == "0 0"
        with _part(place, "schedule"):
            eventually(lambda: tasks(place) == f"{SCHEDULED} 0", "the schedule enqueues, and nobody works")
        with _part(place, "worker"):
            eventually(lambda: tasks(place) == f"{SCHEDULED} {SCHEDULED}", "the worker does the work")


def _part(place: Instance, name: str) -> subprocess.Popen[str]:
    class Ended(subprocess.Popen[str]):
        def __exit__(self, *_: object) -> None:
            self.send_signal(signal.SIGTERM)
            assert self.wait(WAIT_SECONDS) == 0

    return Ended(
        [sys.executable, "-m", "bonafide.cli", "serve", "--only", name, "--workers", "1"], env=place.environment, text=True
    )


def tasks(place: Instance) -> str:
    return place.python(
        "from django_tasks_db.models import DBTaskResult as T\nprint(T.objects.count(), T.objects.successful().count())"
    ).strip()


BILLS = 200
ISSUE = f"""
from tests.documents.bills import make_issued
from django.db import transaction
with transaction.atomic():
    for _ in range({BILLS}):
        make_issued()
"""
COUNT = """
from bonafide.documents.models import Document
print(Document.objects.filter(rendered_at__isnull=False).count(), Document.objects.count())
"""
A_WHILE_LATER = """
from bonafide.documents.models import Document
from django.utils import timezone
Document.objects.filter(rendered_at__isnull=True).update(next_attempt_at=timezone.now())
from bonafide.background.models import Due
Due.objects.update(next_run_at=timezone.now())
"""
COMPARE = """
import hashlib
from django.conf import settings
from bonafide.documents.models import Document
wrong = [d.path for d in Document.objects.all()
         if hashlib.sha256((settings.INSTANCE.documents / d.path).read_bytes()).hexdigest() != d.sha256]
print(wrong, len({d.path for d in Document.objects.all()}))
"""


@linux
def test_killed_in_the_middle_of_rendering_every_bill_has_its_pdf_in_the_end(made: tuple[Instance, int]) -> None:
    place, port = made
    with started(place, port=port) as console:
        eventually(lambda: tasks(place) == f"{SCHEDULED} {SCHEDULED}", "the first round of the schedule is over")
        place.python(ISSUE)
        place.python(A_WHILE_LATER)
        eventually(lambda: rendered(place) > 0, "rendering has begun")
        _kill_everything(console)
        before = rendered(place)
        assert 0 < before < BILLS, "killed too late to prove anything"
        held = place.python("from django_tasks_db.models import DBTaskResult as T\nprint(T.objects.running().count())")
        assert int(held) >= 1, "no task was being run when everything was killed"
    with started(place, port=port):
        place.python(A_WHILE_LATER)
        eventually(lambda: rendered(place) == BILLS, "every bill has its PDF")
        assert place.python(COMPARE).strip() == f"[] {BILLS}"


def rendered(place: Instance) -> int:
    return int(place.python(COUNT).split()[0])


def _kill_everything(console: Console) -> None:
    for pid in [console.process.pid, *console.descendants()]:
        os.kill(pid, signal.SIGKILL)
    console.process.wait()


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
