"""A consistent copy of the database while it is written to, and putting one back. Needs no Django: it may come before it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bonafide.errors import Refused
from bonafide.instance import Instance, database_settings
from bonafide.privacy.journal import GENESIS

# A table that a database which was put back carries until it was replayed: the gate is shut wherever it is served from.
MARK = "bonafide_restored"
_MARKING = "CREATE TABLE IF NOT EXISTS {name} (at text)"
_CLIENTS = "install PostgreSQL's client programs (Debian and Ubuntu: postgresql-client), of the server's version or later"


class DatabaseRefused(Refused):
    """The database cannot be copied or put back."""


class _Rows(Protocol):
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


Ask = Callable[[str], _Rows]


@dataclass(frozen=True)
class Facts:
    """What a database knows of itself: last evidence and last erasure by number and digest, the last sweep, its migrations."""

    evidence: tuple[int, str]
    erasures: tuple[int, str]
    swept_at: str
    migrations: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "evidence": {"number": self.evidence[0], "digest": self.evidence[1]},
            "erasures": {"number": self.erasures[0], "digest": self.erasures[1]},
            "swept_at": self.swept_at,
            "migrations": list(self.migrations),
        }


class Sqlite:
    """The file in the instance's folder."""

    kind, called = "sqlite", "SQLite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def copy(self, target: Path) -> Facts:
        """A copy of one moment, without the pages that are free; writers go on meanwhile.

        :raises DatabaseRefused:
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as source:
                source.execute("VACUUM INTO ?", [str(target)])
            with closing(sqlite3.connect(target)) as copied:
                return _facts(copied.execute)
        except sqlite3.Error as error:
            raise DatabaseRefused(f"the database {self.path} could not be copied: {error}") from None

    def is_empty(self) -> bool:
        """Whether there is nothing that would be lost: no file, or nobody and nothing in it."""
        if not self.path.exists():
            return True
        try:
            with closing(sqlite3.connect(self.path, timeout=30)) as there:
                tables = {name for (name,) in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                return not _holds_anybody(there.execute, tables)
        except sqlite3.Error as error:
            raise DatabaseRefused(f"{self.path} is no database that can be read ({error}): move it away") from None

    def refuse_others(self) -> None:
        """One machine, and the folder's lock is enough."""

    def put(self, source: Path) -> None:
        """The file in its place, marked, in one step; the old one's log of writes goes before it."""
        with closing(sqlite3.connect(source)) as marked:
            marked.execute(_MARKING.format(name=MARK))
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        os.replace(source, self.path)


class Postgresql:
    """The server that ``DATABASE_URL`` names, by its own client programs."""

    kind, called = "postgresql", "PostgreSQL"

    def __init__(self, settings: Mapping[str, object]) -> None:
        names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
        self.given = {name: str(settings[key]) for name, key in names.items() if settings[key]}

    def copy(self, target: Path) -> Facts:
        """What ``pg_dump`` makes of one moment, the same in which the facts are read.

        :raises DatabaseRefused:
        """
        program = _program("pg_dump")
        with self._connected() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            facts = _facts(connection.execute)
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            target.touch(mode=0o600)
            options = ["--format", "custom", "--compress", "0", "--no-owner", "--no-privileges"]
            self._run([program, *options, "--snapshot", str(snapshot and snapshot[0]), "--file", str(target)])
        return facts

    def is_empty(self) -> bool:
        """Whether there is nothing that would be lost."""
        with self._connected() as connection:
            found = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            return not _holds_anybody(connection.execute, {name for (name,) in found})

    def refuse_others(self) -> None:
        """:raises DatabaseRefused: while anybody else is connected, on whichever machine."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            ).fetchone()
        if row and row[0]:
            raise DatabaseRefused(f"{row[0]} others are connected to the database: stop 'bonafide serve' on every machine first")

    def put(self, source: Path) -> None:
        """All of it, and the mark, in one transaction: what was there is gone, or everything stays as it was.

        :raises DatabaseRefused:
        """
        restore, shell = _program("pg_restore"), _program("psql")
        script = source.with_name("database.sql")
        script.touch(mode=0o600)
        self._run([restore, "--no-owner", "--no-privileges", "--file", str(script), str(source)])
        mark = _MARKING.format(name=f"public.{MARK}")  # a dump leaves no schema to look in
        anew = "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;"
        options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--output", os.devnull]
        self._run([shell, *options, "--command", anew, "--file", str(script), "--command", mark])
        script.unlink()

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        names = {"PGDATABASE": "dbname", "PGUSER": "user", "PGPASSWORD": "password", "PGHOST": "host", "PGPORT": "port"}
        try:
            with psycopg.connect(**{names[name]: value for name, value in self.given.items()}) as connection:  # type: ignore[arg-type]
                yield connection
        except psycopg.Error as error:
            raise DatabaseRefused(f"the database does not answer: {_first_line(str(error))}: see DATABASE_URL") from None

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, env={**os.environ, **self.given}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise DatabaseRefused(f"{Path(command[0]).name}: {_first_line(done.stderr) or f'status {done.returncode}'}")


Database = Sqlite | Postgresql


def database_of(instance: Instance) -> Database:
    """The database of an instance, by its folder and the environment alone."""
    settings = database_settings(instance)
    return Postgresql(settings) if str(settings["ENGINE"]).endswith("postgresql") else Sqlite(instance.database)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DatabaseRefused(f"{name} is missing: {_CLIENTS}")
    return found


def _facts(ask: Ask) -> Facts:
    evidence = ask("SELECT number, digest FROM terms_evidence ORDER BY number DESC LIMIT 1").fetchone()
    erasure = ask("SELECT number, digest FROM privacy_erasure WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1").fetchone()
    swept = ask("SELECT MAX(begun_at) FROM privacy_sweeprun WHERE kind = 'rows' AND finished_at IS NOT NULL").fetchone()
    steps = ask("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
    return Facts(
        tuple(evidence or (0, GENESIS)),
        tuple(erasure or (0, GENESIS)),
        str(swept[0]) if swept and swept[0] else "",
        tuple(f"{app}.{name}" for app, name in steps),
    )


def _holds_anybody(ask: Ask, tables: set[str]) -> bool:
    wanted = {"accounts_user", "accounts_account", "billing_invoice", "terms_evidence"}
    if tables and not wanted & tables:
        return True  # of another program
    return any(ask(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in sorted(wanted & tables))  # noqa: S608 - our names


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return next((line for line in lines if "error:" in line.lower()), lines[0] if lines else "")
