"""``make test``: lint, then the suite on SQLite, then again on PostgreSQL, and an honest account of it.

The last lines say what ran and what was left out and why; the very last line is ``N passed, N failed``, summed over the runs.
The exit status is 0 only when nothing failed. With ``BONAFIDE_TEST_STRICT=1`` (as ``.ci/run`` sets it) whatever was left out
fails the run too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STRICT = os.environ.get("BONAFIDE_TEST_STRICT") == "1"
WORKERS = os.environ.get("BONAFIDE_TEST_WORKERS", "2")
LINT: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "style": ["ruff", "check", "--quiet", "."],
    "types": ["mypy", "--no-error-summary", "bonafide"],
    "import contracts": ["lint-imports", "--no-logo"],
    "template format": ["djlint", "bonafide", "--check", "--quiet"],
    "template style": ["djlint", "bonafide", "--lint", "--quiet"],
    "migrations": ["python", "-m", "django", "makemigrations", "--check", "--dry-run", "--settings", "tests.settings"],
}


@dataclass
class Run:
    """What one pytest run came to. A run that broke off or found nothing counts as one failure."""

    name: str
    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    broken: str = ""

    @property
    def failures(self) -> int:
        return len(self.failed) or bool(self.broken)


def main(arguments: list[str]) -> int:
    """Run everything, or with ``--lint`` the lint alone; other arguments narrow pytest. Returns the exit status."""
    if arguments == ["--lint"]:
        return bool(lint())
    bad_lint = lint()
    runs = [run_pytest("SQLite", {"DATABASE_URL": ""}, arguments)]
    left_out: dict[str, str] = {}
    try:
        with postgresql() as address:
            if address:
                runs.append(run_pytest("PostgreSQL", {"DATABASE_URL": address}, arguments))
            else:
                left_out["the run on PostgreSQL"] = "no server programs were found and TEST_DATABASE_URL is not set"
    except postgres.ServerFailed as failure:
        runs.append(Run("PostgreSQL", broken=str(failure)))
    for reason, tests in never_ran(runs).items():
        left_out[f"{len(tests)} test{'s' if len(tests) > 1 else ''} ({', '.join(tests[:3])}{', ...' if tests[3:] else ''})"] = (
            reason
        )
    return tell(bad_lint, runs, left_out)


def lint() -> list[str]:
    """Run every check of the sources; the names of those that failed."""
    bad = []
    for name, command in LINT.items():
        began = time.monotonic()
        done = subprocess.run(
            [BIN / command[0], *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        say(f"lint  {name:18} {'ok' if not done.returncode else 'FAILED':7} {time.monotonic() - began:5.1f} s")
        if done.returncode:
            bad.append(name)
            say(done.stdout.rstrip())
    return bad


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server: the one given, else a private one while we need it; empty when there is none."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    folder = postgres.binaries()
    if given or not folder:
        yield given
        return
    with postgres.private_server(folder) as address:
        yield address


def run_pytest(name: str, environment: dict[str, str], arguments: list[str]) -> Run:
    """The suite (or the part that ``arguments`` name) against one database."""
    say(f"\n=== tests on {name} ===")
    run = Run(name)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bonafide-report-") as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [BIN / "python", "-m", "pytest", "-q", "-n", WORKERS, "--dist", "worksteal", f"--junitxml={report}", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        run.seconds = time.monotonic() - began
        if report.exists():
            read_report(report, run)
    if not run.passed and not run.failed and not run.skipped:
        run.broken = f"pytest found no test to run (exit status {done.returncode})"
    elif done.returncode and not run.failed:
        run.broken = f"pytest broke off (exit status {done.returncode})"
    return run


def read_report(report: Path, run: Run) -> None:
    """Sort the tests of a JUnit report into passed, failed (errors too) and skipped with the reason."""
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            run.failed.add(test)
            run.passed.discard(test)  # a test that passed and whose clean-up failed is listed twice
        elif skipped is not None:
            run.skipped[test] = skipped.get("message", "")
        elif test not in run.failed:
            run.passed.add(test)


def never_ran(runs: list[Run]) -> dict[str, list[str]]:
    """Reason -> the tests that no run ran. A test of one database alone is not left out when the other run had it."""
    ran = set().union(*(run.passed | run.failed for run in runs))
    reasons: dict[str, list[str]] = {}
    for run in runs:
        for test, reason in run.skipped.items():
            if test not in ran and test not in reasons.setdefault(reason, []):
                reasons[reason].append(test)
    return {reason: sorted(test.removeprefix("tests.") for test in tests) for reason, tests in reasons.items() if tests}


def tell(bad_lint: list[str], runs: list[Run], left_out: dict[str, str]) -> int:
    """Print the account; the exit status."""
    say("")
    say(f"lint: {'failed: ' + ', '.join(bad_lint) if bad_lint else f'{len(LINT)} checks, all clean'}")
    for run in runs:
        say(f"{run.name}: {len(run.passed)} passed, {len(run.failed)} failed, {len(run.skipped)} skipped, {run.seconds:.0f} s")
        if run.broken:
            say(f"{run.name}: {run.broken}")
        for test in sorted(run.failed):
            say(f"  failed: {test}")
    for what, why in left_out.items():
        say(f"left out: {what}: {why}")
    if not left_out:
        say("left out: nothing")
    incomplete = STRICT and bool(left_out)
    if incomplete:
        say("nothing may be left out here (BONAFIDE_TEST_STRICT=1): this run fails")
    failures = sum(run.failures for run in runs)
    say(f"{sum(len(run.passed) for run in runs)} passed, {failures} failed")
    return bool(bad_lint or failures or incomplete)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this program's output is what it prints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
