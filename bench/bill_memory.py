"""How long a bill run takes over millions of events, and whether its memory stays flat while they grow.

    .venv/bin/python -m bench.bill_memory [--events 1000000,3000000,5000000] [--accounts 20000]

Events of four meters (a sum by groups, a largest, different values, hours that resources existed) are taken in by the real
writer for the given number of accounts, each count in a database of its own. Then a fresh process issues the month, and says
how long it took and the most memory that it held beyond what it held before. The floor of the time is one bare GROUP BY over the
totals of that database, fetched. DATABASE_URL names a PostgreSQL server on which a database bench_bill_memory is made and
dropped; without it SQLite is measured, in a folder of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg

NAME = "bench_bill_memory"
OURS = "BONAFIDE_BENCH_MEMORY_HOME"
SERVER = os.environ.get("BONAFIDE_BENCH_SERVER", os.environ.get("DATABASE_URL", ""))
home = Path(os.environ.get(OURS) or tempfile.mkdtemp(prefix="bonafide-bench-"))
if OURS not in os.environ:
    shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
if SERVER:
    os.environ["DATABASE_URL"] = SERVER.rsplit("/", 1)[0] + f"/{NAME}"
os.environ.update({"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings", OURS: str(home)})
os.environ["BONAFIDE_BENCH_SERVER"] = SERVER

NOW = datetime(2024, 10, 1, 8, tzinfo=UTC)
FIRST_US = 1_725_148_800_000_000  # 1 September 2024, UTC
REGIONS = ("north", "south", "west")


def furnish(events: int, accounts: int) -> None:
    """An empty database, accounts with a plan of four meters, and their events."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bonafide.accounts.models import Account
    from bonafide.pricing.rating import Graduated, PerUnit, Tier
    from bonafide.usage.ingest import ingest
    from bonafide.usage.models import Source
    from tests.factories.billing import make_meter, make_plan

    call_command("migrate", verbosity=0)
    meters = [
        make_meter(name_en="Traffic", group_by="region"),
        make_meter(name_en="Peak", aggregation="max"),
        make_meter(name_en="People", aggregation="unique", subject="user", scale=0),
        make_meter(name_en="Machines", aggregation="hours", subject="machine"),
    ]
    make_plan(
        (meters[0], Graduated(tiers=(Tier(Decimal(1000), Decimal("0.01")), Tier(None, Decimal("0.008"))))),
        *((meter, PerUnit(unit_price=Decimal("0.0123"))) for meter in meters[1:]),
    )
    Account.objects.bulk_create(
        [
            Account(
                reference=f"C-{number}",
                kind="company",
                name=f"Customer {number}",
                street="1 rue Longue",
                postcode="75001",
                city="Paris",
                country="FR",
                language="fr" if number % 2 else "en",
                created_at=datetime(2024, 1, 1, tzinfo=UTC),
            )
            for number in range(accounts)
        ],
        batch_size=1000,
    )
    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    source = Source.objects.get_or_create(name="bench")[0].pk
    begun = time.perf_counter()
    for at in range(0, events, 500_000):
        ingest(rows=_rows(at, min(events, at + 500_000), ids, meters, source), origin="bench", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT COUNT(*) FROM usage_total")
        totals = cursor.fetchone()[0]
    print(
        f"{events:9,} events, {totals:9,} totals, taken in at {events / (time.perf_counter() - begun):7,.0f} a second", flush=True
    )


def _rows(first: int, end: int, ids: list[int], meters: list, source: int) -> Iterator[tuple]:  # type: ignore[type-arg]
    """Rows ``first`` to ``end``: each account in turn, its meters in turn, spread over 30 days."""
    for n in range(first, end):
        account = ids[n % len(ids)]
        turn = n // len(ids)
        meter = meters[turn % 4]
        day = turn * 7 % 30
        subject = (f"user-{turn % 40}" if meter.subject == "user" else f"vm-{turn % 6}") if meter.subject else ""
        group = REGIONS[turn % 3] if meter.group_by else ""
        quantity = n * 7919 % 100_000 if not meter.subject else (turn % 2) * 1000
        occurred = FIRST_US + (day * 86_400 + 7200 + turn % 70_000) * 10**6
        yield (source, f"{n:012x}", account, meter.pk, occurred, 20240901 + day, group, subject, quantity, "", n)


def issue() -> None:
    """In a process of its own: issue the month and say what it took."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from bonafide.billing.run import issue_month
    from tests.factories.billing import SEPTEMBER

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_id, meter_id, SUM(quantity) FROM usage_total WHERE bill_month = 202409 GROUP BY 1, 2")
        while cursor.fetchmany(1000):
            pass
    least = time.perf_counter() - begun
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    result = issue_month(month=SEPTEMBER, operator=settings.OPERATOR, now=NOW)
    took = time.perf_counter() - begun
    if result.stopped:
        sys.exit(f"stopped: {result.stopped[0]}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"          issued {result.issued:,} bills in {took:.1f} s, {result.issued / took:,.0f} a second; "
        f"bare GROUP BY {least:.1f} s; memory {most / 1024:.0f} MiB, {(most - before) / 1024:.0f} MiB more than before",
        flush=True,
    )


def _server(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(statement)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default="1000000,3000000,5000000")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--step", choices=["furnish", "issue"])
    options = parser.parse_args()
    if options.step == "furnish":
        furnish(int(options.events), options.accounts)
        return
    if options.step == "issue":
        issue()
        return
    for events in options.events.split(","):
        if SERVER:
            _server(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            _server(f"CREATE DATABASE {NAME}")
        for file in home.glob("*.sqlite3*"):
            file.unlink()
        for step in ("furnish", "issue"):
            command = [sys.executable, "-m", "bench.bill_memory", "--events", events, "--accounts", str(options.accounts)]
            subprocess.run([*command, "--step", step], check=True)


if __name__ == "__main__":
    MAIN = "--step" not in sys.argv
    try:
        main()
    finally:
        if MAIN:
            if SERVER:
                _server(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            shutil.rmtree(home, ignore_errors=True)
