import json
import os
import pty
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bonafide.operator import Operator, parse, sections
from bonafide.operator_page import settings_page
from bonafide.setting_up import EXAMPLE, CannotSetUp, operator_file
from tests.fakes.console import ROOT, TEMPLATE, Instance
from tests.fakes.smtp_sink import SmtpSink


@pytest.fixture
def place(tmp_path: Path) -> Instance:
    """A folder that is not there yet; always on SQLite, since nothing here depends on the database."""
    return _place(tmp_path / "new")


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Instance, str]:
    first = _place(tmp_path_factory.mktemp("first") / "new")
    return first, first.bonafide("init").stdout


@pytest.fixture
def trial(first: tuple[Instance, str], place: Instance) -> Instance:
    """A copy of what ``bonafide init`` makes without a terminal."""
    shutil.copytree(first[0].home, place.home)
    return place


def _place(home: Path) -> Instance:
    environment = {**os.environ, "BONAFIDE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    return Instance(home, environment)


def findings(place: Instance, *, ok: bool) -> dict[str, tuple[str, str]]:
    done = place.bonafide("check", "--json", check=False)
    answer = json.loads(done.stdout)
    assert answer["ok"] is ok
    assert done.returncode == (0 if ok else 1)
    return {finding["id"]: (finding["state"], finding["text"]) for finding in answer["checks"]}


def edit(place: Instance, pattern: str, replacement: str) -> None:
    path = place.home / "operator.toml"
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")


# --- init -----------------------------------------------------------------------------------------------------------------
def test_without_a_terminal_it_makes_a_complete_trial(first: tuple[Instance, str]) -> None:
    place, said = first
    assert "It is a trial" in said
    assert "bonafide serve" in said
    operator = parse((place.home / "operator.toml").read_text(encoding="utf-8"))
    assert operator.service.trial
    assert operator.mail.delivery == "file"
    assert place.python("from django.contrib.auth import get_user_model as u; print(u().objects.count())").strip() == "0"


def test_what_it_makes_is_its_owners_alone(place: Instance) -> None:
    old = os.umask(0)
    try:
        place.bonafide("init")
    finally:
        os.umask(old)
    for path in (place.home, place.home / "operator.toml", place.home / "keys", place.home / "documents"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_options_set_single_values_even_with_quotes_and_backslashes(place: Instance) -> None:
    place.bonafide("init", "--legal-name", 'The "\\N" Cloud', "--currency", "USD", "--country", "DE", "--hosting-country", "SE")
    operator = parse((place.home / "operator.toml").read_text(encoding="utf-8"))
    assert operator.identity.legal_name == 'The "\\N" Cloud'
    assert (operator.billing.currency, operator.identity.country, operator.hosting.country) == ("USD", "DE", "SE")
    assert operator.identity.vat_number == ""


def test_it_never_overwrites(trial: Instance) -> None:
    before = (trial.home / "operator.toml").read_bytes()
    again = trial.bonafide("init", "--yes", "--legal-name", "Another", check=False)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert (trial.home / "operator.toml").read_bytes() == before


def test_a_wrong_value_is_refused_by_its_key_and_nothing_is_made(place: Instance) -> None:
    refused = place.bonafide("init", "--currency", "EURO", check=False)
    assert refused.returncode == 1
    assert "billing.currency = 'EURO'" in refused.stderr
    assert not place.home.exists()


def test_a_real_operator_must_say_everything() -> None:
    with pytest.raises(CannotSetUp, match=r"--legal-name.*--sender"):
        operator_file(values={}, trial=False)
    everything = {where: str(value) for where, value in EXAMPLE.items() if where not in {("mail", "delivery")}}
    real = parse(operator_file(values=everything, trial=False))
    assert not real.service.trial
    assert real.mail.delivery == "smtp"


def test_the_file_names_every_key_with_its_meaning_and_loads() -> None:
    text = operator_file(values={}, trial=True)
    parse(text)
    for name, section in sections().items():
        part = re.split(r"(?m)^(?:# )?\[", text.split(f"[{name}]\n")[1])[0]
        for key, field in section.model_fields.items():
            assert f"# {field.description}\n" in part
            assert re.search(rf"(?m)^(# )?{key} = ", part), f"{name}.{key}"
            if field.is_required():
                assert re.search(rf"(?m)^{key} = ", part), f"{name}.{key} is required"


def test_defaults_shown_as_comments_are_the_defaults() -> None:
    """Taking the '#' off every key changes nothing."""
    text = operator_file(values={}, trial=True)
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
    assert uncommented != text
    assert parse(uncommented) == parse(text)


def test_on_a_terminal_it_asks_who_the_operator_is(place: Instance) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bonafide.cli", "init"],
        env=place.environment,
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = parse(TEMPLATE.read_text(encoding="utf-8")).model_dump()
    transcript = _answer(ours, "Only trying it out", "n")
    for section, key in EXAMPLE:
        if section != "bank" and key != "delivery":
            transcript += _answer(ours, f"{key} (", str(written[section][key]))
    _drain(ours)
    assert process.wait(30) == 0
    operator = parse((place.home / "operator.toml").read_text(encoding="utf-8"))
    assert operator.identity.legal_name == "Nordlys Cloud"
    assert not operator.service.trial
    assert operator.bank is None


def _answer(terminal: int, question: str, answer: str) -> str:
    seen, until = "", time.monotonic() + 30
    while not (question in seen and seen.rstrip().endswith(":")):
        assert time.monotonic() < until, f"no {question!r} in {seen!r}"
        seen += os.read(terminal, 4096).decode()
    os.write(terminal, f"{answer}\n".encode())
    return seen


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass  # Linux says so when the other side has closed
    os.close(terminal)


# --- check ----------------------------------------------------------------------------------------------------------------
def test_a_fresh_trial_passes_with_a_warning_that_it_is_one(trial: Instance) -> None:
    found = findings(trial, ok=True)
    assert found["identity"][0] == "warning"
    assert {name: state for name, (state, _) in found.items() if state != "ok"} == {"identity": "warning"}
    lines = trial.bonafide("check").stdout.splitlines()
    assert any(line.startswith("warning  identity") for line in lines)


def test_an_example_identity_that_is_no_trial_fails(trial: Instance) -> None:
    edit(trial, "trial = true", "trial = false")
    state, text = findings(trial, ok=False)["identity"]
    assert state == "failure"
    assert "identity.legal_name" in text


def test_a_missing_file_fails_with_the_remedy(place: Instance) -> None:
    assert "bonafide init" in findings(place, ok=False)["operator"][1]


def test_a_wrong_file_fails_by_its_key(trial: Instance) -> None:
    edit(trial, 'currency = "EUR"', 'currency = "EURO"')
    assert "billing.currency" in findings(trial, ok=False)["operator"][1]


def test_a_database_that_is_behind_fails_with_the_remedy(trial: Instance) -> None:
    (trial.home / "bonafide.sqlite3").unlink()
    state, text = findings(trial, ok=False)["database"]
    assert state == "failure"
    assert "bonafide serve" in text


def test_a_database_that_does_not_answer_fails(trial: Instance) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        trial.environment["DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{closed.getsockname()[1]}/nothing"
        state, text = findings(trial, ok=False)["database"]
    assert state == "failure"
    assert "DATABASE_URL" in text


def test_a_folder_that_others_may_read_is_a_warning(trial: Instance) -> None:
    trial.home.chmod(0o755)
    assert findings(trial, ok=True)["folders"][0] == "warning"


def test_a_console_reached_in_clear_is_a_warning(trial: Instance) -> None:
    edit(trial, "http://localhost:8000", "http://console.example.com")
    assert findings(trial, ok=True)["address"][0] == "warning"


def test_a_mail_server_is_asked(trial: Instance, smtp_sink: SmtpSink) -> None:
    edit(trial, 'delivery = "file"', f'delivery = "smtp"\nhost = "127.0.0.1"\nport = {smtp_sink.port}')
    assert findings(trial, ok=True)["mail"][0] == "ok"
    smtp_sink.stop()
    assert findings(trial, ok=True)["mail"][0] == "warning"


def test_a_list_of_breached_passwords_that_is_not_there_fails_and_nothing_is_served(trial: Instance) -> None:
    edit(trial, '# breached_passwords = ""', 'breached_passwords = "pwned.txt"')
    state, text = findings(trial, ok=False)["settings"]
    assert state == "failure"
    assert "pwned.txt cannot be read" in text
    served = trial.bonafide("serve", check=False)
    assert served.returncode == 1
    assert served.stderr.count("\n") == 1
    assert "sign_in.breached_passwords" in served.stderr


# --- docs/settings.md -----------------------------------------------------------------------------------------------------
def test_the_settings_page_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "docs/settings.md is behind the code: run 'make docs'"


def test_the_settings_page_would_show_a_key_that_nobody_documented() -> None:
    for section in Operator.model_fields:
        assert f"## [{section}]" in settings_page() or f"## [[{section}]]" in settings_page()
    assert "| `late_penalty` |" in settings_page()
