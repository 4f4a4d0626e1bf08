"""A run that is killed at any point, or started twice, ends in the same bills as one that was left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from bonafide.billing import compute, run
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import BillRun, Invoice, InvoiceLine
from bonafide.billing.run import RunResult
from bonafide.billing.verify import Verified, verify_books
from bonafide.pricing.rating import PerUnit
from tests.factories.accounts import make_account
from tests.factories.billing import SEPTEMBER, issue, make_meter, make_plan, operator, use
from tests.factories.instances import instance_of_this_database

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS = 22

# A process of its own that issues September in chunks of four and kills itself at the given moment.
CHILD = """
import importlib, os, signal, sys
from datetime import UTC, datetime
from bonafide.cli import start_django
start_django()
from bonafide.billing import compute, run
from bonafide.periods import Month
compute.CHUNK = run.CHUNK = 4
module, name, call, moment = sys.argv[1:]
owner = importlib.import_module(module)
real, calls = getattr(owner, name), 0
def dying(*args, **values):
    global calls
    calls += 1
    if calls == int(call) and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = real(*args, **values)
    if calls == int(call) and moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
setattr(owner, name, dying)
run.issue_month(month=Month(2024, 9), operator=settings.OPERATOR, now=datetime(2024, 10, 1, 8, tzinfo=UTC))
"""

MOMENTS = [
    ("bonafide.billing.run", "close_month", 1, "after"),
    ("bonafide.billing.run", "take_place", 1, "after"),
    ("bonafide.billing.run", "number_drafts", 2, "before"),
    ("bonafide.billing.run", "number_drafts", 3, "after"),
    ("bonafide.billing.write", "insert_rows", 4, "before"),  # lines, taxes, bills, postings: four calls a chunk
    ("bonafide.billing.write", "insert_rows", 5, "after"),
    ("bonafide.billing.write", "insert_rows", 7, "before"),
    ("bonafide.billing.write", "insert_rows", 8, "after"),
    ("bonafide.billing.run", "write_bills", 6, "after"),
    ("bonafide.billing.run", "_issue_together", 4, "after"),
]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """Accounts with usage; what each is to be billed, as (net, total)."""
    monkeypatch.setattr(compute, "CHUNK", 4)
    monkeypatch.setattr(run, "CHUNK", 4)
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    for n in range(ACCOUNTS):
        use(make_account(), meter, f"{n}.5")
    bills = [bill for bill in compute.compute_bills(month=SEPTEMBER, operator=operator()) if isinstance(bill, ComputedBill)]
    assert len(bills) == ACCOUNTS
    return {bill.reference: (bill.net_minor, bill.total_minor) for bill in bills}


@pytest.fixture
def instance(tmp_path: Path) -> dict[str, str]:
    """The environment in which another process works on this test's database."""
    return instance_of_this_database(tmp_path)


def assert_as_if_never_interrupted(world: dict[str, tuple[int, int]]) -> None:
    bills = Invoice.objects.select_related("account").order_by("position")
    assert {bill.account.reference: (bill.net_minor, bill.total_minor) for bill in bills} == world
    assert [bill.number for bill in bills] == [f"2024-{n:06d}" for n in range(1, len(world) + 1)]
    assert InvoiceLine.objects.count() == len(world)
    outcome = verify_books()
    assert isinstance(outcome, Verified), outcome
    assert outcome.bills == len(world)
    assert BillRun.objects.get().finished_at is not None


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[3]} call {moment[2]} of {moment[1]}")
def test_a_run_killed_at_any_moment_is_finished_by_starting_it_again(
    moment: tuple[str, str, int, str], world: dict[str, tuple[int, int]], instance: dict[str, str]
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, moment)], env=instance, capture_output=True, text=True, timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = Invoice.objects.count()
    assert found < ACCOUNTS or moment[1] == "_issue_together"
    assert not Invoice.objects.filter(number=None).exists()

    result = issue()

    assert (result.already, result.issued) == (found, ACCOUNTS - found)
    assert_as_if_never_interrupted(world)
    assert issue().issued == 0


def test_runs_at_the_same_time_share_the_work(world: dict[str, tuple[int, int]]) -> None:
    results: list[RunResult] = []
    start = threading.Barrier(3)

    def work() -> None:
        try:
            start.wait()
            results.append(issue())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 3
    assert sum(result.issued for result in results) == ACCOUNTS
    assert all(result.issued + result.already == ACCOUNTS and not result.stopped for result in results)
    assert_as_if_never_interrupted(world)
