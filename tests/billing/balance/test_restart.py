"""What a bill uses is used once: whoever is killed, and whoever else is at work."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from bonafide.billing import compute, run
from bonafide.billing.balance.grant import GrantRefused, withdraw
from bonafide.billing.balance.models import OneOffBilled, Taken
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.run import RunResult
from bonafide.billing.verify import Verified, verify_books
from bonafide.periods import Month
from tests.billing.balance.grants import SEPTEMBER_10, left_of, make_charge, make_grant, make_payer
from tests.billing.test_restart import CHILD, instance  # noqa: F401 - a fixture
from tests.factories.billing import issue, operator

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNTS = 10
MOMENTS = [
    ("bonafide.billing.run", "take_for_bills", 2, "before"),
    ("bonafide.billing.balance.take", "write_entries", 2, "before"),
    ("bonafide.billing.run", "take_for_bills", 2, "after"),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[3]} call {moment[2]} of {moment[1]}")
def test_a_run_killed_at_any_moment_loses_and_doubles_nothing(
    moment: tuple[str, str, int, str],
    instance: dict[str, str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compute, "CHUNK", 4)
    monkeypatch.setattr(run, "CHUNK", 4)
    for _n in range(ACCOUNTS):
        account = make_payer("100")
        make_grant(account, "credit", 700)
        make_grant(account, "prepaid", 900)
        make_charge(account, "5")
    child = [sys.executable, "-c", CHILD, *map(str, moment)]
    killed = subprocess.run(child, env=instance, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Invoice.objects.count() == Settlement.objects.count() == OneOffBilled.objects.count() == 4

    assert issue().issued == ACCOUNTS - 4

    assert Taken.objects.count() == 2 * ACCOUNTS
    assert Settlement.objects.count() == OneOffBilled.objects.count() == ACCOUNTS
    assert set(Invoice.objects.values_list("net_minor", "prepaid_minor")) == {(9800, 900)}
    outcome = verify_books()
    assert isinstance(outcome, Verified), outcome


def test_two_months_and_a_withdrawal_at_the_same_time_never_take_more_than_there_is() -> None:
    account = make_payer("100")
    grants = [make_grant(account, kind, 15000) for kind in ("credit", "prepaid")]
    months, now = [Month(2024, 9), Month(2024, 10)], datetime(2024, 11, 1, 8, tzinfo=UTC)
    start = threading.Barrier(3)
    results: list[RunResult] = []

    def work(month: Month | None) -> None:
        try:
            start.wait()
            if month:
                results.append(issue(month=month, now=now))
            else:
                money = {"means": "transfer", "reference": "W-1"}
                withdraw(grant=grants[1], reason="x", operator=operator(), now=SEPTEMBER_10, **money)
        except GrantRefused:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(month,)) for month in (*months, None)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    for month in months:
        assert not issue(month=month, now=now).stopped
    assert [left_of(grant) for grant in grants] == [0, 0]
    assert sum(bill.net_minor for bill in Invoice.objects.all()) == 20000 - 15000
    outcome = verify_books()
    assert isinstance(outcome, Verified), outcome
