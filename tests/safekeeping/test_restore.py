"""A backup is put back into a fresh folder, and is served once what was promised since was replayed, and not before."""

import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.console import Instance, free_port, started
from tests.safekeeping.places import add_people, people, place, post, put_back, raw, save

CANARY = b"anna-canary@example.com"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Instance]:
    with place(tmp_path / "first") as made:
        yield made


def refused(made: Instance, *arguments: str) -> str:
    """The one line that a refused command leaves."""
    done = made.bonafide(*arguments, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_restored_backup_serves_only_after_the_replay_which_erases_again(made: Instance, tmp_path: Path) -> None:
    backup, port = tmp_path / "one.bonafide", free_port()
    add_people(made, "anna", "bert")
    (made.home / "documents" / "2026").mkdir(parents=True)
    (made.home / "documents" / "2026" / "bill.pdf").write_bytes(b"%PDF-1.7 a bill")
    made.bonafide("sweep")
    made.bonafide("backup", str(backup))
    made.bonafide("erase", "anna", "--reason", "her letter")
    post(made)
    assert CANARY not in raw(made)
    with place(tmp_path / "second", port=port) as fresh:
        said = fresh.bonafide("restore", str(backup)).stdout
        assert "bonafide restore --replay" in said
        assert people(fresh) == ["anna", "bert"]
        assert CANARY in raw(fresh)
        assert (fresh.home / "documents" / "2026" / "bill.pdf").read_bytes() == b"%PDF-1.7 a bill"
        for part in ([], ["--only", "web"], ["--only", "worker"], ["--only", "schedule"]):
            assert "a backup of" in refused(fresh, "serve", "--port", str(port), *part)
        assert "no journal of erasures was found" in refused(fresh, "restore", "--replay")
        journal = made.home / "erasures.jsonl"
        said = fresh.bonafide("restore", "--replay", "--erasures", str(journal)).stdout
        assert "Replayed: 1 erased again" in said
        assert people(fresh) == ["bert"]
        assert CANARY not in raw(fresh)
        (line,) = (fresh.home / "restores.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["erased_again"] == 1
        with started(fresh, port=port) as console, urllib.request.urlopen(f"{console.url}/account/login/") as page:
            assert page.status == 200


def test_an_edited_or_cut_journal_is_refused(made: Instance, tmp_path: Path) -> None:
    backup = tmp_path / "one.bonafide"
    add_people(made, "anna", "bert", "cora")
    made.bonafide("backup", str(backup))
    for name in ("anna", "bert"):
        made.bonafide("erase", name, "--reason", "their letter")
    lines = (made.home / "erasures.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == 3
    made.bonafide("restore", str(backup), "--replace")
    broken = tmp_path / "broken.jsonl"
    damages = {
        "its last line is missing": lines[:2],
        "lines were taken out": [lines[0], lines[2]],
        "the chain does not hold": lines[1:],
        "line 1: the chain does not hold": [lines[0].replace('"person": ', '"person": 9'), *lines[1:]],
    }
    for words, left in damages.items():
        broken.write_text("".join(left), encoding="utf-8")
        assert words in refused(made, "restore", "--replay", "--erasures", str(broken))
    assert people(made) == ["anna", "bert", "cora"]
    shutil.copy(broken, made.home / "erasures.jsonl")
    assert "the chain does not hold" in refused(made, "restore", "--replay")
    broken.write_text("".join(lines), encoding="utf-8")
    made.bonafide("restore", "--replay", "--erasures", str(broken))
    assert people(made) == ["cora"]
    assert (made.home / "erasures.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:2] == lines[:2]


def test_a_shorter_journal_than_the_folder_remembers_is_refused_whoever_answers(made: Instance, tmp_path: Path) -> None:
    backup = tmp_path / "one.bonafide"
    add_people(made, "anna", "bert")
    made.bonafide("backup", str(backup))
    made.bonafide("erase", "anna", "--reason", "her letter")
    earlier = shutil.copy(made.home / "erasures.jsonl", tmp_path / "earlier.jsonl")
    made.bonafide("erase", "bert", "--reason", "his letter")
    made.bonafide("restore", str(backup), "--replace")
    answered = ("--no-erasures-since", "--by", "Camille Nordin")
    for more in ((), answered):
        assert "this folder remembers 2 erasures" in refused(made, "restore", "--replay", "--erasures", str(earlier), *more)
    made.bonafide("restore", "--replay")
    assert people(made) == []


def test_somebody_may_answer_for_it_that_nobody_was_erased_since_and_is_written_down(made: Instance, tmp_path: Path) -> None:
    backup = tmp_path / "one.bonafide"
    add_people(made, "anna")
    made.bonafide("backup", str(backup))
    with place(tmp_path / "second") as fresh:
        fresh.bonafide("restore", str(backup))
        done = fresh.bonafide("restore", "--replay", "--no-erasures-since", check=False)
        assert (done.returncode, "--by NAME" in done.stderr) == (2, True)
        fresh.bonafide("restore", "--replay", "--no-erasures-since", "--by", "Camille Nordin")
        (line,) = (fresh.home / "restores.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["no_erasures_since_says"] == "Camille Nordin"
        assert not (fresh.home / "restored.json").exists()


@pytest.mark.parametrize("done", ["sweep", "audit", "erasure"])
def test_a_database_put_back_without_us_is_noticed_by_what_the_folder_remembers(
    made: Instance, tmp_path: Path, done: str
) -> None:
    add_people(made, "anna")
    made.bonafide("sweep")
    old = save(made, tmp_path / "old")
    command = {"sweep": ["sweep"], "audit": ["audit"], "erasure": ["erase", "anna", "--reason", "her letter"]}[done]
    made.bonafide(*command, check=False)
    put_back(made, old)
    assert "the database was put back to an earlier day" in refused(made, "serve", "--port", str(free_port()))
    made.bonafide("restore", "--replay")
    assert people(made) == ([] if done == "erasure" else ["anna"])
    port = free_port()
    with started(made, port=port):
        pass


def test_a_folder_without_memory_is_warned_by_a_mark_in_the_database_and_by_its_journal(made: Instance, tmp_path: Path) -> None:
    backup = tmp_path / "one.bonafide"
    add_people(made, "anna")
    made.bonafide("backup", str(backup))
    made.bonafide("erase", "anna", "--reason", "her letter")
    made.bonafide("restore", str(backup), "--replace")
    for name in ("restored.json", "state.json"):
        (made.home / name).unlink()
    assert "was put back into this database" in refused(made, "serve", "--port", str(free_port()))
    made.python("from django.db import connection; connection.cursor().execute('DROP TABLE bonafide_restored')")
    assert "holds 1 erasures, the database knows 0" in refused(made, "serve", "--port", str(free_port()))


def test_an_overdue_sweep_comes_before_the_first_request(made: Instance) -> None:
    add_people(made, "anna")
    made.python(
        "from datetime import timedelta; from django.utils import timezone\n"
        "from bonafide.privacy.models import SweepRun; from bonafide.sessions.models import SignIn\n"
        "now = timezone.now()\n"
        "then = now - timedelta(days=40)\n"
        "SweepRun.objects.create(kind='rows', begun_at=then, finished_at=then)\n"
        "SignIn.objects.update(at=now - timedelta(days=380))\n"
    )
    port = free_port()
    with started(made, port=port) as console:
        assert console.said.index("Sweeping first") < console.said.index("The console of ")
        assert re.search(r"\d+ IP addresses erased, 2 rows deleted", console.said)
    with started(made, port=port) as console:
        assert "Sweeping" not in console.said
