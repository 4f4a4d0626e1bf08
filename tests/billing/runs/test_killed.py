"""The whole of a month's bills, killed at every step of it: starting again finishes it, as if it never happened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.db.models import Max

from bonafide.accounts.models import Account
from bonafide.billing.models import BillLetter, BillRun, Invoice, RehearsedBill, Series, SignOff
from bonafide.billing.verify import Verified, verify_books
from bonafide.mail.models import Letter
from bonafide.periods import Month
from bonafide.pricing.models import Meter
from bonafide.pricing.rating import PerUnit
from bonafide.usage.models import Total
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_meter, make_plan
from tests.factories.instances import instance_of_this_database

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS, READERS = 4, 1  # accounts in two chunks; to how many of them a letter goes
ROOT = Path(__file__).parents[3]


class Runner:
    """The process that forks for each run; see ``killing.py``."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.billing.runs.killing"]
        self._process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._answer() == "ready"

    def run(self, month: Month, step: int = 0) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{month.key} {step}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def stop(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return instance_of_this_database(tmp_path)


@pytest.fixture
def runner(environment: dict[str, str]) -> Iterator[Runner]:
    runner = Runner(environment)
    yield runner
    runner.stop()


@pytest.fixture
def months() -> Iterator[Month]:
    """One month after the other, each with usage of every account."""
    make_user(username="camille", is_staff=True, is_superuser=True)
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    accounts = [make_account(billing_email="") for _ in range(ACCOUNTS)]
    for account in accounts[:READERS]:
        make_member(account=account)

    def made() -> Iterator[Month]:
        for n in count():
            month = Month(2021 + n // 12, 1 + n % 12)
            use_all(month, meter)
            yield month

    return made()


def use_all(month: Month, meter: Meter) -> None:
    """1.5 h by the first account, 3 h by the second and so on."""
    day = month.key * 100 + 15
    Total.objects.bulk_create(
        Total(account=account, meter=meter, bill_month=month.key, day=day, quantity=n * 1_500, events=1, latest_us=0)
        for n, account in enumerate(Account.objects.order_by("pk"), start=1)
    )


def assert_as_if_never_killed(month: Month) -> None:
    """Of the month: each account's bill once, with what was rehearsed and signed; of all of them: numbers without a gap."""
    bills = Invoice.objects.of_month(month.key).order_by("account")
    assert [bill.net_minor for bill in bills] == [120 * (n + 1) for n in range(ACCOUNTS)]
    rows = RehearsedBill.objects.filter(rehearsal__month=month.key).order_by("account")
    assert [(row.account_id, row.total_minor) for row in rows] == [(bill.account_id, bill.total_minor) for bill in bills]
    assert SignOff.objects.filter(rehearsal__month=month.key).count() == 1
    assert BillRun.objects.get(month=month.key).finished_at is not None
    issued = Invoice.objects.count()
    assert not Invoice.objects.filter(number=None).exists()
    assert Invoice.objects.aggregate(last=Max("position"))["last"] == issued == sum(Series.objects.values_list("last", flat=True))
    assert BillLetter.objects.count() == issued
    assert Letter.objects.count() == issued // ACCOUNTS * READERS


@pytest.mark.parametrize("odd", [True, False], ids=["odd steps", "even steps"])
def test_killed_before_every_single_step_it_is_finished_by_starting_again(
    runner: Runner, months: Iterator[Month], odd: bool
) -> None:
    counted = []
    for month in (next(months), next(months)):  # the first of a year takes a few steps more
        done, _space, steps = runner.run(month).partition(" ")
        assert done == "done"
        assert_as_if_never_killed(month)
        counted.append(int(steps))
    assert min(counted) > 80

    killed_at = range(1 if odd else 2, min(counted) + 1, 2)
    for step in killed_at:
        month = next(months)
        assert runner.run(month, step) == "killed"
        assert not Invoice.objects.filter(number=None).exists()
        assert runner.run(month).startswith("done"), f"step {step}"
        assert_as_if_never_killed(month)

    outcome = verify_books()
    assert isinstance(outcome, Verified), outcome
    assert outcome.bills == ACCOUNTS * (2 + len(killed_at))


def test_killed_again_and_again_it_comes_to_its_end(runner: Runner, months: Iterator[Month]) -> None:
    month = next(months)
    answers = []
    for step in count(20, 7):
        answers.append(runner.run(month, step))
        if answers[-1] != "killed":
            break
    assert answers.count("killed") > 5
    assert answers[-1].startswith("done")
    assert_as_if_never_killed(month)
    assert isinstance(verify_books(), Verified)


def test_two_at_once_share_the_work_even_when_one_is_killed(environment: dict[str, str], months: Iterator[Month]) -> None:
    runners = [Runner(environment), Runner(environment)]
    try:
        with ThreadPoolExecutor(2) as pool:
            for step in (0, 60, 75, 90, 105):
                month = next(months)
                answers = list(pool.map(lambda runner, last: runner.run(month, last), runners, (0, step)))  # noqa: B023 - waited for
                assert all(answer == "killed" or answer.startswith(("done", "failed")) for answer in answers)
                assert runners[0].run(month).startswith("done")
                assert_as_if_never_killed(month)
    finally:
        for runner in runners:
            runner.stop()
    assert isinstance(verify_books(), Verified)
