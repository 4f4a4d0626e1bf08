"""Instances on disk for tests of backups: real folders, real commands, this run's kind of database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.fakes.console import Instance, free_port, instance

MAKE = """
from datetime import timedelta
from allauth.account.models import EmailAddress
from django.utils import timezone
from bonafide.accounts.models import User
from tests.factories.accounts import make_user
from tests.factories.history import make_sign_ins
for name in {names!r}:
    user = make_user(username=name, email=f"{{name}}-canary@example.com", password="pelican harbour 7 lantern")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    make_sign_ins(user, 2, now=timezone.now() - timedelta(days=3))
"""
NO_FLOORS = "\n[retention]\nfloors = []\n"


@contextmanager
def place(folder: Path, *, port: int = 0, floors: bool = False) -> Iterator[Instance]:
    """A new instance, its database made; without floors of the law unless they are wanted."""
    with instance(folder, port=port or free_port()) as made:
        operator = made.home / "operator.toml"
        if not floors:
            operator.write_text(operator.read_text(encoding="utf-8") + NO_FLOORS, encoding="utf-8")
        made.python("from bonafide.serving import bring_up_to_date; bring_up_to_date()")
        yield made


def add_people(made: Instance, *names: str) -> None:
    made.python(MAKE.format(names=names))


def people(made: Instance) -> list[str]:
    code = (
        "from bonafide.accounts.models import User\nprint(*User.objects.order_by('username').values_list('username', flat=True))"
    )
    return made.python(code).split()


def on_postgresql() -> bool:
    return bool(os.environ.get("DATABASE_URL"))


def raw(made: Instance) -> bytes:
    """Everything that the database holds: the bytes of its files, or a dump in plain text."""
    if on_postgresql():
        done = subprocess.run(["pg_dump", "--dbname", made.environment["DATABASE_URL"]], capture_output=True, check=True)
        return done.stdout
    return b"".join(path.read_bytes() for path in sorted(made.home.glob("bonafide.sqlite3*")))


def put_in_order(made: Instance) -> None:
    """SQLite's log of writes into the file, as a copy with ``cp`` needs it."""
    with closing(sqlite3.connect(made.home / "bonafide.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
