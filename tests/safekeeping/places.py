"""Instances on disk for tests of backups: real folders, real commands, this run's kind of database."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import subprocess
import tempfile
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
_new: list[Path] = []  # a database of SQLite that is up to date and empty, made once


@contextmanager
def place(folder: Path, *, port: int = 0, floors: bool = False) -> Iterator[Instance]:
    """A new instance, its database made; without floors of the law unless they are wanted."""
    with instance(folder, port=port or free_port()) as made:
        operator = made.home / "operator.toml"
        text = operator.read_text(encoding="utf-8").replace("[mail]\n", '[mail]\ndelivery = "file"\n')
        operator.write_text(text + ("" if floors else NO_FLOORS), encoding="utf-8")
        if _new and not on_postgresql():
            shutil.copy(_new[0], made.home / "bonafide.sqlite3")
        else:
            made.python("from bonafide.serving import bring_up_to_date; bring_up_to_date()")
        if not _new and not on_postgresql():
            put_in_order(made)
            _new.append(Path(tempfile.mkdtemp(prefix="bonafide-tests-")) / "new.sqlite3")
            shutil.copy(made.home / "bonafide.sqlite3", _new[0])
            atexit.register(shutil.rmtree, _new[0].parent, ignore_errors=True)
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


def post(made: Instance) -> None:
    """Every letter that waits leaves, into the folder letters/: until then the last one to somebody holds their address."""
    made.python("from bonafide.mail.tasks import send_letters; send_letters.call()")


def raw(made: Instance) -> bytes:
    """Everything that the database holds: the bytes of its files, or a dump in plain text."""
    if on_postgresql():
        done = subprocess.run(["pg_dump", "--dbname", made.environment["DATABASE_URL"]], capture_output=True, check=True)
        return done.stdout
    return b"".join(path.read_bytes() for path in sorted(made.home.glob("bonafide.sqlite3*")))


def save(made: Instance, copy: Path) -> Path:
    """The database as somebody saves it without us: a copy of the file, a plain dump."""
    if on_postgresql():
        command = ["pg_dump", "--no-owner", "--file", str(copy), "--dbname", made.environment["DATABASE_URL"]]
        subprocess.run(command, check=True)
    else:
        put_in_order(made)
        shutil.copy(made.home / "bonafide.sqlite3", copy)
    return copy


def put_back(made: Instance, copy: Path) -> None:
    """And as they put it back."""
    if on_postgresql():
        anew = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-c", anew, "-f", str(copy)]
        subprocess.run([*command, made.environment["DATABASE_URL"]], check=True, capture_output=True)
    else:
        put_in_order(made)
        shutil.copy(copy, made.home / "bonafide.sqlite3")


def put_in_order(made: Instance) -> None:
    """SQLite's log of writes into the file, as a copy with ``cp`` needs it."""
    with closing(sqlite3.connect(made.home / "bonafide.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
