"""Bills charged by themselves at a slow Stripe, beside the least that this can take: each asked for once, so many at a time.

    .venv/bin/python -m bench.auto_pay [--bills 1000] [--latency 0.1] [--concurrency 8]

A fake Stripe runs in a process of its own and takes ``--latency`` seconds for every request. As many bills, of as many accounts
that agreed to automatic payment by a saved card, are due; ``charge_due`` charges all of them: reading what is due, writing each
attempt down before Stripe is asked, asking, booking the money, posting it to the ledger. The ideal is bills / concurrency *
latency: Stripe asked once for each and nothing else done. Exit status 1 when it takes more than 1.3 times that. Beside it, as
much as this machine manages of bare requests by as many threads in the same run. Nobody is a member of the accounts, so no
letters are written: those cost as much as at any other time. DATABASE_URL names a PostgreSQL server on which a database
bench_auto_pay is made and dropped; without it SQLite is measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

NAME = "bench_auto_pay"
RATIO = 1.3  # aim: times the ideal
home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
SERVER = os.environ.get("DATABASE_URL", "")
if SERVER:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = SERVER.rsplit("/", 1)[0] + f"/{NAME}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


KEY, PORT = "sk_test_bench", free_port()
URL = f"http://127.0.0.1:{PORT}"
os.environ.update(
    {"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings", "STRIPE_SECRET_KEY": KEY, "STRIPE_API_URL": URL}
)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402

from bonafide.billing.models import Invoice, Settlement  # noqa: E402
from bonafide.payments.stripe.charge.due import charge_due  # noqa: E402
from bonafide.payments.stripe.charge.one import Outcome  # noqa: E402
from bonafide.payments.stripe.client import client, reading  # noqa: E402
from bonafide.payments.stripe.models import AutoPay, Customer, Method  # noqa: E402
from bonafide.pricing.models import Plan, Price, Subscription  # noqa: E402
from bonafide.pricing.rating import Flat  # noqa: E402
from tests.factories.accounts import make_account  # noqa: E402
from tests.factories.billing import issue, operator  # noqa: E402

AGREED = datetime(2024, 9, 1, tzinfo=UTC)
DUE = datetime(2024, 12, 1, 9, tzinfo=UTC)


# --- What there is --------------------------------------------------------------------------------------------------------
def furnish(bills: int) -> None:
    """So many issued bills, each of an account of its own that has a card at Stripe and agreed to be charged."""
    call_command("migrate", verbosity=0)
    plan = Plan.objects.create(code="flat", name_en="Flat", name_fr="Forfait", currency="EUR", is_default=False)
    terms = Flat(amount=Decimal("10")).to_json()
    begun = AGREED.date().replace(year=2020)
    Price.objects.create(plan=plan, code="flat", valid_from=begun, name_en="Plan", name_fr="Offre", terms=terms, position=1)
    accounts = [make_account() for _ in range(bills)]
    Subscription.objects.bulk_create([Subscription(account=one, plan=plan, starts_on=begun) for one in accounts])
    issue()
    with reading():
        for account in accounts:
            customer = client().v1.customers.create({"name": account.name})
            saved = client().v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
            Customer.objects.create(account=account, stripe_id=customer.id, made_at=AGREED)
            method = Method.objects.create(account=account, stripe_id=saved.id, kind="card", saved_at=AGREED, is_default=True)
            AutoPay.objects.create(account=account, method=method, words="agreed", agreed_at=AGREED)


def control(name: str, **given: Any) -> None:
    asked = urllib.request.Request(
        f"{URL}/_control/{name}", json.dumps(given).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        answer.read()


def wait_for_stripe() -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


# --- What is measured -----------------------------------------------------------------------------------------------------
def measure(bills: int, latency: float, concurrency: int) -> float:
    """Seconds that charging all of them takes."""
    control("slow", seconds=latency)
    used = operator(stripe={"enabled": True, "account": "acct_1", "concurrency": concurrency}, service={"trial": True})
    settings.OPERATOR = used
    begun = time.perf_counter()
    counts = charge_due(operator=used, now=DUE)
    seconds = time.perf_counter() - begun
    control("slow", seconds=0)
    assert counts == {Outcome.PAID: bills}, counts
    owed = Invoice.objects.aggregate(sum=Sum("total_minor"))["sum"]
    assert Settlement.objects.aggregate(sum=Sum("amount_minor"))["sum"] == owed
    return seconds


def bare(bills: int, latency: float, concurrency: int) -> float:
    """Seconds of as many requests by as many threads that do nothing else."""
    control("slow", seconds=latency)

    def ask(share: int) -> None:
        connected = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        for _ in range(share):
            connected.request("GET", "/v1/balance", headers={"Authorization": f"Bearer {KEY}"})
            connected.getresponse().read()
        connected.close()

    begun = time.perf_counter()
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(ask, [bills // concurrency + (n < bills % concurrency) for n in range(concurrency)]))
    seconds = time.perf_counter() - begun
    control("slow", seconds=0)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bills", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds of every request")
    parser.add_argument("--concurrency", type=int, default=settings.OPERATOR.stripe.concurrency)
    given = parser.parse_args()
    settings.OPERATOR = operator(stripe={"enabled": True, "account": "acct_1"}, service={"trial": True})
    fake = subprocess.Popen([sys.executable, "-m", "tests.fakes.stripe", str(PORT), "--key", KEY], stdout=subprocess.DEVNULL)
    try:
        wait_for_stripe()
        furnish(given.bills)
        before = time.process_time()
        seconds = measure(given.bills, given.latency, given.concurrency)
        cpu = time.process_time() - before
        floor = bare(given.bills, given.latency, given.concurrency)
    finally:
        fake.terminate()
        fake.wait()
        connection.close()
        shutil.rmtree(home, ignore_errors=True)
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE IF EXISTS {NAME}")
    ideal = given.bills / given.concurrency * given.latency
    ratio = seconds / ideal
    print(f"{given.bills} bills, {given.concurrency} at a time, {given.latency * 1000:.0f} ms each at Stripe")
    print(f"charged in {seconds:.1f} s, the least is {ideal:.1f} s: {ratio:.2f} times (aim: at most {RATIO})")
    print(f"bare requests by as many threads took {floor:.1f} s in the same run: {seconds / floor:.2f} times")
    print(f"{cpu / given.bills * 1000:.1f} ms of processor time a bill in this process, load {os.getloadavg()[0]:.1f}")
    return int(ratio > RATIO)


if __name__ == "__main__":
    sys.exit(main())
