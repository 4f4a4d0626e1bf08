"""The demo, made by its command in a process of its own."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bonafide.demo.customers import CUSTOMERS, PEOPLE

pytestmark = pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="works on SQLite instances of its own")


def bonafide(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a stranger runs it, whatever the suite itself runs on."""
    own = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "BONAFIDE_HOME")}
    return subprocess.run(
        [sys.executable, "-m", "bonafide.cli", *arguments],
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return bonafide("demo", "--home", str(home), "--no-serve", *arguments)


def in_instance(home: Path, *arguments: str) -> str:
    done = bonafide(*arguments, BONAFIDE_HOME=str(home), DATABASE_URL="")
    assert done.returncode == 0, done.stderr
    return done.stdout


def python_in_instance(home: Path, code: str) -> str:
    own = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    start = "from bonafide.cli import start_django; start_django()"
    done = subprocess.run(
        [sys.executable, "-c", f"{start}\n{code}"], env=own | {"BONAFIDE_HOME": str(home)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "instance"
    done = demo(folder)
    assert done.returncode == 0, done.stderr
    for person in PEOPLE:
        assert person.username in done.stdout
    return folder


def test_staff_sign_in_with_the_code_that_the_demo_shows(home):
    """As a newcomer without a phone does it: what ``bonafide demo --code`` prints is what the second step takes, once."""
    shown, at = "", 0
    while not shown or at // 30 != int(time.time()) // 30:  # a half-minute may end just between
        at = int(time.time())
        shown = bonafide("demo", "--code").stdout
    code = re.match(r"(\d{6})  \(good once, for \d+ more seconds\)", shown)
    assert code, shown
    lines = f"""
from datetime import UTC, datetime
from bonafide.accounts.models import User
from bonafide.sign_in.factors.use_code import use_code
for _ in range(2):
    print(use_code(user=User.objects.get(username="staff"), text={code[1]!r}, now=datetime.fromtimestamp({at}, UTC)) is not None)
"""
    assert python_in_instance(home, lines).split() == ["True", "False"]


def test_two_months_are_billed_for_every_customer_and_the_books_hold(home):
    bills = json.loads(in_instance(home, "bills", "list", "--json"))
    assert len({bill["month"] for bill in bills}) == 2
    assert len(bills) == 2 * len(CUSTOMERS)
    assert {bill["state"] for bill in bills} >= {"paid", "issued", "overdue"}
    assert all(bill["total_minor"] > 0 for bill in bills)
    assert "24 bills" in in_instance(home, "bills", "verify")


def test_there_is_a_bill_of_every_kind_worth_seeing(home):
    lines = [line for bill in json.loads(in_instance(home, "bills", "list", "--json")) for line in bill["lines"]]
    texts = " ".join(line["text"] for line in lines)
    assert "atelier-web-3" in texts, "the late usage"
    assert {line["meter"] for line in lines} >= {"dev1-l-hours", "dev1-xl-hours", "gpu-hours", "active-users", "partner-cost"}
    bills = json.loads(in_instance(home, "bills", "list", "--json"))
    assert any(bill["tax_minor"] == 0 for bill in bills), "a reverse charge"


def test_a_second_run_makes_nothing_again(home):
    before = (home / "bonafide.sqlite3").stat().st_mtime_ns
    again = demo(home)
    assert again.returncode == 0
    assert "Making" not in again.stdout
    assert (home / "bonafide.sqlite3").stat().st_mtime_ns == before


def test_a_demo_that_was_interrupted_is_made_again(tmp_path):
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "demo-in-the-making").touch()
    (folder / "operator.toml").write_text("half a fi", encoding="utf-8")
    assert demo(folder).returncode == 0
    assert not (folder / "demo-in-the-making").exists()


def test_a_folder_that_is_no_demo_is_never_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    for arguments in ((), ("--fresh",)):
        refused = demo(tmp_path, *arguments)
        assert refused.returncode == 1
        assert str(tmp_path) in refused.stderr
        assert "--home" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_every_promise_is_kept_from_the_first_page_on(home):
    rows = "E.objects.filter(kept=False).values_list('clause', 'fault')"
    code = f"from bonafide.terms.models import Evidence as E\nprint(list({rows}), E.objects.count() > 10)"
    assert python_in_instance(home, code).strip() == "[] True"
