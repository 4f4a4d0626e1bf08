"""Bills issued per second, without PDF, against the least that any bill run must do on the same rows.

    .venv/bin/python -m bench.bill_run [--accounts 20000] [--rounds 3]

The floor is a bare GROUP BY over the month's totals, fetched, plus one bare bulk insert of the very rows that the run wrote
(executemany on SQLite, COPY on PostgreSQL) into empty tables with the same columns, keys and indexes, but no foreign keys and
no guards against change. Run and floor alternate; medians are over the rounds. DATABASE_URL names a PostgreSQL server on
which a database bench_bill_run is made and dropped; without it SQLite is measured, in a folder of its own.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

NAME = "bench_bill_run"
home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
SERVER = os.environ.get("DATABASE_URL", "")
if SERVER:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = SERVER.rsplit("/", 1)[0] + f"/{NAME}"
os.environ.update({"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings"})

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bonafide.billing.run import issue_month  # noqa: E402
from bonafide.billing.verify import Verified, verify_books  # noqa: E402
from bonafide.pricing.rating import Graduated, PerUnit, Tier  # noqa: E402
from tests.factories.billing import SEPTEMBER, make_meter, make_plan, triggers_lifted  # noqa: E402

NOW = datetime(2024, 10, 1, 8, tzinfo=UTC)
TABLES = ("billing_invoice", "billing_invoiceline", "billing_invoicetax", "billing_posting")
JSON_COLUMNS = {"seller", "buyer", "mentions", "exchange", "details", "tax_basis"}


def furnish(accounts: int) -> int:
    """Accounts with 30 days of three meters each, written by plain SQL; the number of totals."""
    call_command("migrate", verbosity=0)
    meters = [make_meter(name_en=name) for name in ("Instance hours", "Storage", "Traffic")]
    make_plan(
        (meters[0], PerUnit(unit_price=Decimal("0.085"))),
        (meters[1], PerUnit(unit_price=Decimal("0.0123"), included=Decimal(50))),
        (meters[2], Graduated(tiers=(Tier(Decimal(1000), Decimal("0.01")), Tier(None, Decimal("0.008"))))),
    )
    series = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n",
        "postgresql": "SELECT i FROM generate_series(1, {last}) AS n(i)",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_account (id, reference, kind, name, street, postcode, city, country, vat_number,"
            " registration, purchase_order, billing_email, language, created_at, is_test)"
            " SELECT i, 'C-' || i, CASE WHEN i % 3 = 0 THEN 'person' ELSE 'company' END, 'Customer ' || i, '1 rue Longue',"
            " '75001', 'Paris', CASE WHEN i % 5 = 0 THEN 'DE' ELSE 'FR' END,"
            " CASE WHEN i % 5 = 0 THEN 'DE136695976' ELSE '' END, '', '', '',"
            " CASE WHEN i % 2 = 0 THEN 'fr' ELSE 'en' END, '2024-01-01 00:00:00+00:00', FALSE"
            f" FROM ({series.format(last=accounts)}) AS s"
        )
        cursor.execute(  # what VIES says
            "INSERT INTO accounts_vatcheck (account_id, number, outcome, asked_at, consultation_number, name, address, detail)"
            " SELECT id, vat_number, 'valid', '2024-09-10 00:00:00+00:00', 'WAPI', '', '', '' FROM accounts_account"
            " WHERE kind = 'company' AND vat_number <> ''"
        )
        cursor.execute(  # a second piece of evidence for where consumers abroad are
            "INSERT INTO billing_locationevidence (account_id, kind, place, method, at)"
            " SELECT id, 'ip', country, 'sign-ins', '2024-09-10 00:00:00+00:00' FROM accounts_account"
            " WHERE kind = 'person' AND country <> 'FR'"
        )
        cursor.execute(
            "INSERT INTO usage_total (account_id, meter_id, bill_month, day, group_key, quantity, events, latest_us)"
            f" SELECT a.id, m.id, 202409, 20240900 + d.i, '', (a.id * 7919 + m.id * 104729 + d.i * 31) % 100000, 24, 0"
            f" FROM accounts_account a CROSS JOIN pricing_meter m CROSS JOIN ({series.format(last=30)}) AS d"
            " ORDER BY a.id, m.id, d.i"
        )
        cursor.execute("ANALYZE")
        cursor.execute("SELECT COUNT(*) FROM usage_total")
        return int(cursor.fetchone()[0])


def clear() -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        for table in (*reversed(TABLES), "billing_series", "billing_billrun", "pricing_closedmonth"):
            cursor.execute(f"DELETE FROM {table}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")


def written() -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Columns and rows of each table as the run left them, JSON as text."""
    found = {}
    for table in TABLES:
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            cast = "::text" if connection.vendor == "postgresql" else ""
            names = ", ".join(f"{name}{cast if name in JSON_COLUMNS else ''}" for name in columns)
            cursor.execute(f"SELECT {names} FROM {table} ORDER BY id")
            found[table] = (columns, [tuple(row) for row in cursor.fetchall()])
    return found


def indexes(table: str) -> list[str]:
    """The columns of each index of a table on SQLite."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM pragma_index_list('{table}')")
        names = [row[0] for row in cursor.fetchall()]
        found = []
        for name in names:
            cursor.execute(f"SELECT group_concat(name) FROM pragma_index_info('{name}')")
            found.append(cursor.fetchone()[0])
        return found


def bare_tables(rows: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> None:
    with connection.cursor() as cursor:
        for table in rows:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            if connection.vendor == "postgresql":
                cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES)")
                continue
            columns = ", ".join(name if name != "id" else "id INTEGER PRIMARY KEY" for name in rows[table][0])
            cursor.execute(f"CREATE TABLE bare_{table} ({columns})")
            for number, columns in enumerate(indexes(table)):
                cursor.execute(f"CREATE INDEX bare_{table}_{number} ON bare_{table} ({columns})")


def floor(rows: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT account_id, meter_id, SUM(quantity) FROM usage_total WHERE bill_month = 202409 GROUP BY 1, 2")
        cursor.fetchall()
        for table, (columns, values) in rows.items():
            names = ", ".join(columns)
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY bare_{table} ({names}) FROM STDIN") as copy:
                    for row in values:
                        copy.write_row(row)
            else:
                cursor.executemany(f"INSERT INTO bare_{table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})", values)


def run() -> int:
    result = issue_month(month=SEPTEMBER, operator=settings.OPERATOR, now=NOW)
    if result.stopped:
        sys.exit(f"stopped: {result.stopped[0]}")
    return result.issued


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="print where the time of one run goes, and stop")
    options = parser.parse_args()
    totals = furnish(options.accounts)
    print(f"{connection.vendor}: {options.accounts} accounts, {totals} totals", flush=True)
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(run)
        pstats.Stats(profile).sort_stats("tottime").print_stats(32)
        return
    run()
    outcome = verify_books()
    assert isinstance(outcome, Verified), outcome
    rows = written()
    runs, floors = [], []
    for _ in range(options.rounds):
        clear()
        runs.append(timed(run))
        bare_tables(rows)
        floors.append(timed(lambda: floor(rows)))
    ours, least = statistics.median(runs), statistics.median(floors)
    print(f"run    median {ours:6.2f} s  {options.accounts / ours:8.0f} bills/s  ({', '.join(f'{t:.2f}' for t in runs)})")
    print(f"floor  median {least:6.2f} s  {options.accounts / least:8.0f} bills/s  ({', '.join(f'{t:.2f}' for t in floors)})")
    print(f"ratio  {ours / least:.2f} times the floor (aim: at most 4)")
    print(f"verify {timed(verify_books):.2f} s")


if __name__ == "__main__":
    try:
        main()
    finally:
        connection.close()
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
