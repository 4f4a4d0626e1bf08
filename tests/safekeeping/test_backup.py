"""Backups of a real instance: made while it is written to, checked offline, and refused where they do not fit."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.console import ROOT, Instance, free_port, started
from tests.safekeeping.places import add_people, on_postgresql, people, place

# Rows that belong together, two a transaction, as fast as they go in.
WRITE = """
from bonafide.cli import start_django
start_django()
from django.db import transaction
from django.utils import timezone
from bonafide.accounts.models import User
from bonafide.sessions.models import SignIn
user = User.objects.get(username="anna")
print("writing", flush=True)
while True:
    with transaction.atomic():
        for how in ("one", "two"):
            SignIn.objects.create(user=user, at=timezone.now(), outcome="signed-in", how=how)
"""
PAIRS = """
from bonafide.sessions.models import SignIn
print(*[SignIn.objects.filter(how=how).count() for how in ("one", "two")])
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Instance]:
    with place(tmp_path / "first") as made:
        yield made


def refused(made: Instance, *arguments: str) -> str:
    done = made.bonafide(*arguments, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def files(made: Instance) -> list[str]:
    return sorted(path.name for path in made.home.iterdir() if path.name != ".serving.lock")


def test_a_backup_made_while_rows_are_written_holds_whole_transactions(made: Instance, tmp_path: Path) -> None:
    add_people(made, "anna")
    backup = tmp_path / "one.bonafide"
    writer = subprocess.Popen([sys.executable, "-c", WRITE], env=made.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        made.bonafide("backup", str(backup))
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    assert (backup.stat().st_mode & 0o777, [path.name for path in tmp_path.glob(".*")]) == (0o600, [])
    checked = made.bonafide("backup", "--check", str(backup)).stdout
    assert "whole: 2 members" in checked
    with place(tmp_path / "second") as fresh:
        fresh.bonafide("restore", str(backup))
        one, two = map(int, fresh.python(PAIRS).split())
    later = int(made.python(PAIRS).split()[0])
    assert 0 < one == two < later


def test_keys_are_in_it_only_when_asked_for(made: Instance, tmp_path: Path) -> None:
    without, with_keys = tmp_path / "without", tmp_path / "with"
    assert "without keys" in made.bonafide("backup", str(without)).stdout
    made.bonafide("backup", str(with_keys), "--with-keys")
    assert "whole: 2 members" in made.bonafide("backup", "--check", str(without)).stdout
    secret = (made.home / "keys" / "secret_key").read_bytes()
    assert "whole: 4 members" in made.bonafide("backup", "--check", str(with_keys)).stdout
    with place(tmp_path / "second") as fresh:
        for key in (fresh.home / "keys").glob("*"):
            key.unlink()
        fresh.bonafide("restore", str(with_keys))
        assert (fresh.home / "keys" / "secret_key").read_bytes() == secret


def test_what_does_not_fit_is_refused_in_a_line_and_nothing_is_touched(made: Instance, tmp_path: Path) -> None:
    add_people(made, "anna")
    backup, cut = tmp_path / "one.bonafide", tmp_path / "cut.bonafide"
    made.bonafide("backup", str(backup))
    cut.write_bytes(backup.read_bytes()[:-200])
    before = files(made)
    assert "holds another database" in refused(made, "restore", str(backup))
    assert "cannot be read to its end" in refused(made, "restore", str(cut), "--replace")
    assert "no such file" in refused(made, "restore", str(tmp_path / "none"))
    elsewhere = {**made.environment}
    if on_postgresql():
        del elsewhere["DATABASE_URL"]
    else:
        elsewhere["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"
    other = Instance(made.home, elsewhere)
    assert "a backup of " in refused(other, "restore", str(backup), "--replace")
    assert files(made) == before
    assert "No such file" in refused(made, "backup", str(tmp_path / "nowhere" / "b"))
    assert "outside of" in refused(made, "backup", str(made.home / "documents" / "b"))
    assert people(made) == ["anna"]


def test_a_folder_that_is_served_is_not_restored_into(made: Instance, tmp_path: Path) -> None:
    backup, port = tmp_path / "one.bonafide", free_port()
    with started(made, port=port):
        made.bonafide("backup", str(backup))  # while it serves
        assert "runs over" in refused(made, "restore", str(backup), "--replace")
    assert not (made.home / "restored.json").exists()


@pytest.mark.skipif(not on_postgresql(), reason="SQLite needs no client programs")
def test_without_client_programs_it_says_which_package(made: Instance, tmp_path: Path) -> None:
    bare = Instance(made.home, {**made.environment, "PATH": os.path.dirname(sys.executable)})
    assert "pg_dump is missing: install PostgreSQL's client programs" in refused(bare, "backup", str(tmp_path / "b"))
