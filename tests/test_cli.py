"""The ``bonafide`` command as a whole: what every sub-command owes its user."""

import contextlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bonafide import cli
from tests.fakes.console import ROOT


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command of the tree with its words."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, f"{name} is listed but is not there"
            yield from walk(below, (*path, name))


COMMANDS = dict(walk(cli.bonafide))


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words or "bonafide")
def test_every_command_explains_itself_with_an_example(words: str) -> None:
    shown = CliRunner().invoke(cli.bonafide, [*words.split(), "--help"], prog_name="bonafide")
    assert shown.exit_code == 0
    assert f"Example: bonafide {words}".rstrip() in " ".join(shown.output.split())
    assert shown.output.isascii() or "’" not in shown.output


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words or "bonafide")
def test_every_option_says_what_it_is_for(words: str) -> None:
    silent = [
        parameter.name
        for parameter in COMMANDS[words].params
        if isinstance(parameter, click.Option) and not parameter.help and parameter.name not in ("port", "home")
    ]
    assert silent == []


def test_the_list_of_commands_is_the_designs() -> None:
    promised = "init serve demo check usage prices bills".split()  # noqa: SIM905 - a list to read
    assert set(promised) <= set(cli.COMMANDS)
    assert {"usage import", "prices import", "bills rehearse", "bills issue", "bills list", "bills verify"} <= set(COMMANDS)


def command(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bonafide.cli", *words],
        env={"BONAFIDE_HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_without_an_instance_it_says_so_in_one_line_and_names_the_remedy(tmp_path: Path) -> None:
    refused = command("bills", "list", home=tmp_path / "nowhere")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.strip().splitlines() == [
        f"bonafide: {tmp_path}/nowhere/operator.toml is missing: "
        "run 'bonafide init', or set BONAFIDE_HOME to the instance's folder"
    ]


def test_a_wrong_operator_file_is_refused_by_its_key(tmp_path: Path) -> None:
    text = (ROOT / "tests" / "instance" / "operator.toml").read_text(encoding="utf-8")
    (tmp_path / "operator.toml").write_text(text.replace('country = "FR"', 'country = "France"', 1), encoding="utf-8")
    refused = command("bills", "list", home=tmp_path)
    assert refused.returncode == 1
    assert "identity.country = 'France'" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_unknown_command_is_an_error_of_usage(tmp_path: Path) -> None:
    refused = command("bilsl", home=tmp_path)
    assert refused.returncode == 2
    assert "bilsl" in refused.stderr


def test_help_and_version_need_no_instance(tmp_path: Path) -> None:
    for words in (["--help"], ["--version"], ["init", "--help"], ["demo", "--help"], ["check", "--help"]):
        assert command(*words, home=tmp_path / "nowhere").returncode == 0
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "no such command 'nonsense'; see 'bonafide --help'"),
        (["demo", "--port", "many"], "'many' is not a valid integer range; see 'bonafide demo --help'"),
        (["init", "--colour"], "?); see 'bonafide init --help'"),
    ],
)
def test_a_wrong_call_is_one_line_that_points_to_the_help(tmp_path: Path, words: list[str], said: str) -> None:
    refused = command(*words, home=tmp_path)
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.strip().splitlines()
    assert line.startswith("bonafide: ")
    assert line.endswith(said)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert command("init", home=tmp_path / "home").returncode == 0
    refused = command("usage", "import", "gone.csv", "--format", "csv", home=tmp_path / "home")
    assert refused.returncode == 2
    assert refused.stderr.strip() == (
        "bonafide: invalid value for 'FILE': File 'gone.csv' does not exist; see 'bonafide usage import --help'"
    )


def test_a_database_that_is_behind_this_version_is_told_in_one_line(tmp_path: Path) -> None:
    assert command("init", home=tmp_path / "i").returncode == 0
    database = tmp_path / "i" / "bonafide.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("DELETE FROM django_migrations WHERE app = 'billing' AND name >= '0011'")
        opened.execute("ALTER TABLE billing_invoice DROP COLUMN prepaid_minor")
    refused = command("bills", "verify", home=tmp_path / "i")
    assert refused.returncode == 1
    assert re.fullmatch(
        r"bonafide: the database is \d+ steps behind this version: start 'bonafide serve' once, which brings it up to date\n",
        refused.stderr,
    )


def test_a_database_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    assert command("init", home=tmp_path / "i").returncode == 0
    (tmp_path / "i" / "bonafide.sqlite3").write_bytes(b"no database at all" * 100)
    refused = command("bills", "verify", home=tmp_path / "i")
    assert refused.returncode == 1
    assert refused.stderr.startswith("bonafide: the database does not answer (file is not a database)")
    assert refused.stderr.count("\n") == 1
