"""``bonafide serve``: the web server, the workers and the schedule as children of one parent that lives and dies with them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from bonafide.background.schedules import Schedule
from bonafide.errors import Refused
from bonafide.operator import OperatorFileError
from bonafide.outgoing.guard import door_to

LOOK_SECONDS = 0.5  # how often an idle worker looks for a task
TICK_SECONDS = 5  # how often the schedule looks at the clock
STOP_SECONDS = 15  # how long a child may take to finish what it is doing; what is cut off is taken up again later
PARTS = ("web", "worker", "schedule")

log = logging.getLogger(__name__)


class CannotServe(Refused):
    """The port is taken, the database is not up to date, or the settings are not safe."""


@dataclass(frozen=True)
class Child:
    """One process of the service: what to call it, and the command that it is."""

    name: str
    command: list[str]


@click.command(epilog="Example: bonafide serve --port 8080")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; put a TLS proxy in front.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Processes of the web part, and of the worker part.",
)
@click.option("--only", type=click.Choice(PARTS), help="Run one part alone, for more machines over one PostgreSQL.")
def serve(host: str, port: int, workers: int, only: str | None) -> None:
    """Run the console: web, worker and schedule together, until Ctrl-C or SIGTERM.

    The web part brings the database up to date before it starts.
    """
    run(host=host, port=port, workers=workers, only=only)


def run(*, host: str, port: int, workers: int = 2, only: str | None = None, ready: Callable[[], None] | None = None) -> None:
    """Serve until told to stop; ``ready`` is called once the console really answers.

    :raises CannotServe: when the port is taken, a part runs alone over a database that is not up to date, or settings are unsafe.
    :raises BehindItsTime: when the database was put back and not brought up to date (``safekeeping.gate``).
    :raises SystemExit: with status 1 when a part ended by itself.
    """
    from bonafide.safekeeping.gate import refuse_restored
    from bonafide.safekeeping.locks import serving

    home = settings.INSTANCE.home
    with serving(home):
        refuse_restored(home=home)
        _run((only,) if only else PARTS, host, port, workers, ready)


def _run(parts: tuple[str, ...], host: str, port: int, workers: int, ready: Callable[[], None] | None) -> None:
    refuse_unsafe_settings()
    # What imports models, once Django is there: this module is loaded before it by its own parts.
    from bonafide.safekeeping.gate import catch_up, refuse_gone_back
    from bonafide.terms.recipients import refuse_who_waits
    from bonafide.terms.versions import make_version

    if "web" in parts:
        refuse_taken_port(host, port)
        bring_up_to_date()
        gather_static_files()
    else:
        refuse_outdated_database()
    refuse_gone_back(home=settings.INSTANCE.home)
    catch_up(home=settings.INSTANCE.home, now=timezone.now())
    make_version(operator=settings.OPERATOR, now=timezone.now())
    refuse_who_waits(operator=settings.OPERATOR)
    children = [child for part in parts for child in _children(part, host, port, workers)]

    def announce() -> None:
        click.echo(_address_line(host, port))
        if ready:
            ready()

    supervise(children=children, answers=_prober(host, port) if "web" in parts else None, announce=announce)


def _children(part: str, host: str, port: int, workers: int) -> list[Child]:
    if part != "web":
        count = workers if part == "worker" else 1
        return [Child(part, [sys.executable, "-m", "bonafide.serving", part])] * count
    options = ["--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    options += ["--no-ws", "--log-level", "warning", "--workers-kill-timeout", str(STOP_SECONDS - 5)]
    return [Child("web", [sys.executable, "-m", "granian", *options, "bonafide.wsgi:application"])]


# --- Before ---------------------------------------------------------------------------------------------------------------
def refuse_taken_port(host: str, port: int) -> None:
    """:raises CannotServe: when nothing can listen there."""
    try:
        with door_to(host):  # an address of this machine, by whatever name it was given
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(
                f"port {port} on {host} is taken by another program: stop that one, or choose another port with --port"
            ) from None
        raise CannotServe(
            f"cannot listen on {host}, port {port}: {error.strerror}: choose others with --host and --port"
        ) from None


def refuse_unsafe_settings() -> None:
    """:raises CannotServe: under settings that our own checks refuse."""
    from django.core.checks import run_checks

    for problem in run_checks():
        if problem.is_serious() and not problem.is_silenced():
            raise CannotServe(f"{problem.msg} ({problem.id})")


def bring_up_to_date() -> None:
    """Apply the migrations that the database lacks, one machine at a time."""
    from django.core.management import call_command

    with _alone():
        missing = missing_migrations()
        if missing:
            click.echo(f"Bringing the database up to date ({missing} steps)")
            call_command("migrate", interactive=False, verbosity=0)


def refuse_outdated_database() -> None:
    """:raises CannotServe: when the web part has not yet brought the database up to date."""
    if missing_migrations():
        raise CannotServe("the database is not up to date: start the web part first ('bonafide serve --only web')")


def missing_migrations() -> int:
    """How many steps the database is behind this version."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """On PostgreSQL, wait while another machine does the same. SQLite is one machine, and its lock is enough."""
    if connection.vendor != "postgresql":
        yield
        return
    key = 0x626F6E61  # "bona"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def gather_static_files() -> None:
    """Collect and compress what pages load, unless the last time's is still what the packages hold."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: str(found[0])):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".gathered"
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest.hexdigest():
        return
    click.echo("Gathering static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest.hexdigest(), encoding="ascii")


# --- Running --------------------------------------------------------------------------------------------------------------
def supervise(*, children: list[Child], answers: Callable[[], bool] | None, announce: Callable[[], None]) -> None:
    """Start the children and stay with them: a signal stops all, and so does the end of any one.

    ``announce`` is called once ``answers`` says yes (at once when there is nothing to ask).

    :raises SystemExit: with status 1 when a child ended by itself.
    """
    stop = Stop()
    running = [(child, _start(child)) for child in children]
    announced = False
    try:
        while not stop.asked:
            for child, process in running:
                if process.poll() is not None:
                    click.echo(f"bonafide: the {child.name} part {_ending(process.returncode)}: stopping everything", err=True)
                    raise SystemExit(1)
            if not announced and (answers is None or answers()):
                announced = True
                announce()
            stop.wait(0.2)
    finally:
        _stop_all([process for _, process in running])


def _start(child: Child) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        child.command,
        stdin=subprocess.DEVNULL,
        # A session of its own: Ctrl-C reaches the parent alone, who stops the children in order, their children with them.
        start_new_session=True,
        preexec_fn=_end_with_parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "bonafide.settings")},
    )


def _end_with_parent() -> None:
    """On Linux a child is told to stop when the parent is killed outright, so that nothing is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _stop_all(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to stop, wait, then end whatever is left, with the processes that they had started."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ending(status: int) -> str:
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"


class Stop:
    """Turns SIGTERM and SIGINT into a question that a loop asks."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Sleep, but not past the question."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))


def _prober(host: str, port: int) -> Callable[[], bool]:
    """A function that says whether the console answers."""
    from bonafide.sessions.client import as_by_proxies

    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to look, not where to listen

    def answers() -> bool:
        asked = http.client.HTTPConnection(target, port, timeout=10)
        try:
            with door_to(target):  # ourselves
                asked.request("GET", "/", headers={"Host": settings.CONSOLE_HOST, **as_by_proxies()})
            return asked.getresponse().status < 500
        except OSError:
            return False
        finally:
            asked.close()

    return answers


def _address_line(host: str, port: int) -> str:
    name = settings.OPERATOR.identity.trade_name
    if settings.SECURE:
        return f"The console of {name} listens on {host}:{port} for {settings.OPERATOR.service.console_url}"
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - as above
    return f"The console of {name} is at http://{shown}:{port} (Ctrl-C stops it)"


# --- The parts that are ours ----------------------------------------------------------------------------------------------
def work() -> None:
    """The worker part: run what waits in the queue, look again, until told to stop."""
    from bonafide.background.release import worker_name
    from bonafide.background.work import run_waiting

    stop = Stop()
    while not stop.asked:
        _patiently(lambda: run_waiting(worker_id=worker_name(), stopping=lambda: stop.asked), stop)
        stop.wait(LOOK_SECONDS)


def schedule() -> None:
    """The schedule part: enqueue what is due and give back what was lost, until told to stop."""
    from bonafide.background.keep_time import keep_time
    from bonafide.background.release import release_lost

    def tick() -> None:
        release_lost(now=timezone.now())
        keep_time(schedules=declared_schedules(), now=timezone.now(), zone=settings.OPERATOR.zone)

    stop = Stop()
    while not stop.asked:
        _patiently(tick, stop)
        stop.wait(TICK_SECONDS)


def declared_schedules() -> tuple[Schedule, ...]:
    """What every package declares, by name: no registry."""
    from bonafide.accounts import schedules as accounts
    from bonafide.background import schedules as background
    from bonafide.billing import schedules as billing
    from bonafide.documents import schedules as documents
    from bonafide.mail import schedules as mail
    from bonafide.payments.dunning import schedules as dunning
    from bonafide.payments.stripe import schedules as stripe
    from bonafide.privacy import schedules as privacy
    from bonafide.sessions import schedules as sessions
    from bonafide.sign_in import schedules as sign_in
    from bonafide.terms import schedules as terms
    from bonafide.webhooks import schedules as webhooks

    packages = (background, mail, webhooks, sessions, accounts, sign_in, billing, documents, stripe, dunning, privacy, terms)
    return tuple(schedule for package in packages for schedule in package.SCHEDULES)


def _patiently(step: Callable[[], object], stop: Stop) -> None:
    """A database that restarts, or is locked by a long import, is waited for."""
    try:
        step()
    except OperationalError as error:
        log.warning("the database does not answer, trying again: %s", str(error).splitlines()[0])
        connection.close()
        stop.wait(TICK_SECONDS)


if __name__ == "__main__":
    import django

    try:
        django.setup()
    except OperatorFileError as refusal:
        sys.exit(f"bonafide: {refusal}")
    {"worker": work, "schedule": schedule}[sys.argv[1]]()
