"""Not a fake at all: a real ``bonafide serve`` in a folder of its own, on the kind of database that this run is about."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

TEMPLATE = Path(__file__).parent.parent / "instance" / "operator.toml"
ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 240


@dataclass
class Instance:
    """A folder with an operator's file, a database, and the environment that commands over it need."""

    home: Path
    environment: dict[str, str]

    def bonafide(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "bonafide.cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"bonafide {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def bills(self) -> list[dict[str, Any]]:
        """What ``bonafide bills list --json`` prints."""
        bills: list[dict[str, Any]] = json.loads(self.bonafide("bills", "list", "--json").stdout)
        return bills

    def python(self, code: str) -> str:
        """Run a few lines inside Django over this instance; what they print."""
        done = subprocess.run(
            [sys.executable, "-c", f"from bonafide.cli import start_django; start_django()\n{code}"],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass
class Console:
    """A served instance."""

    instance: Instance
    process: subprocess.Popen[str]
    port: int
    log: Path
    extra: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def descendants(self) -> list[int]:
        """Process ids of everything that this ``serve`` started (Linux)."""
        return [pid for child in _children(self.process.pid) for pid in (child, *_below(child))]

    def stop(self) -> int:
        """As an operating system stops it; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def instance(home: Path, *, port: int, smtp_port: int = 9) -> Iterator[Instance]:
    """Make an instance, and on PostgreSQL a database for it that is dropped afterwards."""
    home.mkdir(parents=True, mode=0o700)
    text = TEMPLATE.read_text(encoding="utf-8")
    text = re.sub(r'console_url = ".*"', f'console_url = "http://localhost:{port}"', text)
    text = re.sub(r"(?m)^port = \d+$", f"port = {smtp_port}", text)
    (home / "operator.toml").write_text(text, encoding="utf-8")
    environment = {**os.environ, "BONAFIDE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        yield Instance(home, environment)
        return
    name = f"console_{uuid.uuid4().hex[:12]}"
    # The run's own database may not exist yet; this one always does.
    with psycopg.connect(urlunsplit(urlsplit(server)._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            environment["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            yield Instance(home, environment)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def serving(home: Path, *, smtp_port: int = 9, options: tuple[str, ...] = (), settings: str = "") -> Iterator[Console]:
    """Make an instance and serve it until the block ends, under other settings if they are named."""
    port = free_port()
    with instance(home, port=port, smtp_port=smtp_port) as made:
        if settings:
            made.environment["DJANGO_SETTINGS_MODULE"] = settings
        with started(made, port=port, options=options) as console:
            yield console


@contextmanager
def started(made: Instance, *, port: int, options: tuple[str, ...] = ()) -> Iterator[Console]:
    """Serve an instance; the block begins once it has printed its address."""
    log = made.home.parent / f"{made.home.name}-serve-{uuid.uuid4().hex[:6]}.log"  # not inside: no file of ours is declared there
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "bonafide.cli", "serve", "--port", str(port), "--workers", "1", *options],
            env=made.environment,
            cwd=ROOT,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
        )
    console = Console(made, process, port, log)
    try:
        wait_for_line(console, "The console of ")
        yield console
    finally:
        console.stop()


def wait_for_line(console: Console, words: str) -> None:
    """:raises AssertionError: when the process ends, or is silent for too long."""
    until = time.monotonic() + START_SECONDS
    while words not in console.said:
        assert console.process.poll() is None, f"serve ended with {console.process.returncode}: {console.said}"
        assert time.monotonic() < until, f"serve did not say {words!r} within {START_SECONDS} s: {console.said}"
        time.sleep(0.1)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _below(pid: int) -> list[int]:
    return [found for child in _children(pid) for found in (child, *_below(child))]
