"""A PostgreSQL server of the tests' own: made in a temporary folder, reached over loopback, gone afterwards.

Nothing that is lost matters there, so nothing waits for the disk. PostgreSQL refuses to run as root; root runs it as the
``postgres`` user that its package brings (else ``nobody``).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 60
RELAXED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "autovacuum": "on",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


class ServerFailed(Exception):
    """The private server did not start; the text ends with what it said."""


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: on the PATH, where ``pg_config`` points, or where Debian puts them."""
    places: list[Path] = []
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        places.append(Path(subprocess.run([pg_config, "--bindir"], capture_output=True, text=True).stdout.strip()))
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    places += sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextmanager
def private_server(folder_of_binaries: Path) -> Iterator[str]:
    """Run a server and give its address, ``postgresql://...``; stop and remove it whatever happens inside.

    :raises ServerFailed: when it does not come up.
    """
    home = Path(tempfile.mkdtemp(prefix="bonafide-postgres-"))
    as_user = _other_user(home)
    password = secrets.token_hex(16)
    try:
        _initialise(folder_of_binaries, home, password, as_user)
        port = _free_port()
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [folder_of_binaries / "postgres", "-D", home / "data", "-p", str(port), "-k", home]
                + [word for name, value in RELAXED.items() for word in ("-c", f"{name}={value}")],
                stdout=log,
                stderr=log,
                cwd=home,
                preexec_fn=_die_with_parent,
                **as_user,
            )
        try:
            _wait_for(server, port, home)
            yield f"postgresql://bonafide:{password}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": connections are ended, then it stops
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _other_user(home: Path) -> dict[str, Any]:
    """How to start a child as somebody else when we are root; the folder becomes theirs."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ServerFailed("PostgreSQL refuses to run as root, and there is neither a 'postgres' nor a 'nobody' user to run it as")


def _initialise(folder: Path, home: Path, password: str, as_user: dict[str, Any]) -> None:
    secret_file = home / "password"
    secret_file.touch(mode=0o600)
    secret_file.write_text(password, encoding="ascii")
    if as_user:
        os.chown(secret_file, as_user["user"], as_user["group"])
    options = ["--username", "bonafide", "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    done = subprocess.run(
        [folder / "initdb", "-D", home / "data", "--pwfile", secret_file, *options],
        capture_output=True,
        text=True,
        cwd=home,
        **as_user,
    )
    if done.returncode:
        raise ServerFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], port: int, home: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        # The server writes "ready" as the last line of this file once it takes connections.
        pid_file = home / "data" / "postmaster.pid"
        if pid_file.exists() and "ready" in pid_file.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.05)
    said = (home / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
    raise ServerFailed(f"PostgreSQL did not start on port {port}: {said}")


def _die_with_parent() -> None:
    """On Linux the server stops when we are killed outright, so that no test run leaves one behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)
