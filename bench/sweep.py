"""What it costs to erase IP addresses in batches, beside one bare UPDATE of the same rows in one statement.

    .venv/bin/python -m bench.sweep [--rows 10000000] [--rounds 5] [--days 14]

The history of sign-ins is filled with rows spread over eighteen months, and copied: the same columns, indexes and constraints. A
round lets ``now`` go on by so many days, so that as many days of addresses fall due in both tables; ``privacy.sweep_rows`` erases
them in ours, the bare UPDATE in the copy. Whoever begins changes; both tables are vacuumed after each round. Medians. At last a
round is swept while a second connection keeps updating the row that is due next, which is in the batch at work: how long it waits
is how long anybody can wait. DATABASE_URL names a PostgreSQL server on which a database bench_sweep is made and dropped; without
it SQLite is measured, where a statement keeps every other writer waiting and a tenth of the rows is enough.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

NAME = "bench_sweep"
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
from django.db import connection  # noqa: E402

from bonafide.accounts.models import User  # noqa: E402
from bonafide.periods import months_before  # noqa: E402
from bonafide.privacy.sweep_rows import sweep_rows  # noqa: E402
from bonafide.sessions.models import SignIn  # noqa: E402

TABLE = SignIn._meta.db_table
COPY = "bare_copy"
PEOPLE = 20_000
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SPREAD = timedelta(days=550)  # the oldest row is half a year older than an address may be
RATIO, STATEMENT = 2.0, 0.2  # aims: times the floor, seconds
# History is kept longer than addresses here, so that what is measured is erasing and not deleting.
OPERATOR = settings.OPERATOR.model_copy(
    update={"retention": settings.OPERATOR.retention.model_copy(update={"ip_months": 12, "history_months": 36})}
)


def execute(sql: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


def asked(sql: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


# --- What there is --------------------------------------------------------------------------------------------------------
def furnish(rows: int) -> None:
    """The table and its copy, each written in the order of time, as in life."""
    call_command("migrate", verbosity=0)
    people = [User(username=f"person{n}", email=f"person{n}@example.com", password="!") for n in range(PEOPLE)]
    User.objects.bulk_create(people, batch_size=1000)
    first = min(User.objects.values_list("pk", flat=True))
    (fill_postgresql if SERVER else fill_sqlite)(rows, first)


def fill_postgresql(rows: int, first: int) -> None:
    """Indexes and constraints are left out while rows come in, and made again: the same end, in a quarter of the time."""
    made = [
        (f"ALTER TABLE {TABLE} DROP CONSTRAINT {name}", f"ALTER TABLE {{table}} ADD CONSTRAINT {{prefix}}{name} {definition}")
        for name, definition in asked(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY contype DESC",
            TABLE,
        )
    ] + [
        (f"DROP INDEX {name}", definition.replace(f"INDEX {name} ON public.{TABLE}", f"INDEX {{prefix}}{name} ON {{table}}"))
        for name, definition in asked(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            TABLE,
        )
    ]
    for drop, _make in made:
        execute(drop)
    execute(
        f"INSERT INTO {TABLE} (user_id, at, outcome, how, address, browser, system) SELECT %s + n * 7919::bigint %% %s, "
        "%s::timestamptz + n::float8 / %s * %s::interval, 'signed-in', 'password', "
        "('198.51.' || n / 250 %% 250 || '.' || n %% 250)::inet, 'Firefox 145', 'Windows' FROM generate_series(1, %s) n",
        first, PEOPLE, NOW - SPREAD, rows, SPREAD, rows,
    )  # fmt: skip
    execute(f"CREATE TABLE {COPY} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING STORAGE)")
    execute(f"INSERT INTO {COPY} SELECT * FROM {TABLE}")
    for table, prefix in ((TABLE, ""), (COPY, "c_")):
        for _drop, make in made:
            execute(make.format(table=table, prefix=prefix))


def fill_sqlite(rows: int, first: int) -> None:
    """The same rows; dates are written as Django writes them."""
    (create,) = (sql for (sql,) in asked("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", TABLE))
    indexes = asked("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s", TABLE)
    for name, _sql in indexes:
        execute(f"DROP INDEX {name}")
    execute(
        f"INSERT INTO {TABLE} (user_id, at, outcome, how, address, browser, system) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL "
        "SELECT n + 1 FROM s WHERE n < %s) SELECT %s + n * 7919 %% %s, strftime('%%Y-%%m-%%d %%H:%%M:%%f000', %s + n * %s / %s, "
        "'unixepoch'), 'signed-in', 'password', '198.51.' || n / 250 %% 250 || '.' || n %% 250, 'Firefox 145', 'Windows' FROM s",
        rows, first, PEOPLE, (NOW - SPREAD).timestamp(), SPREAD.total_seconds(), rows,
    )  # fmt: skip
    execute(create.replace(f'"{TABLE}"', COPY, 1))
    execute(f"INSERT INTO {COPY} SELECT * FROM {TABLE}")
    for name, sql in indexes:
        execute(sql)
        execute(sql.replace(f'"{name}"', f"c_{name}").replace(f'"{TABLE}"', COPY))


def tidy() -> None:
    if SERVER:
        execute(f"VACUUM ANALYZE {TABLE}")
        execute(f"VACUUM ANALYZE {COPY}")
        execute("CHECKPOINT")
    else:
        execute("ANALYZE")
        execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- What is measured -----------------------------------------------------------------------------------------------------
@contextmanager
def statements_timed() -> Iterator[dict[str, list[float]]]:
    """Seconds of each statement that writes, its commit included, and of each that only looks, which locks no row."""
    taken: dict[str, list[float]] = {"writes": [], "looks": []}

    def wrap(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            kind = "writes" if sql.startswith(("UPDATE", "DELETE", "INSERT", "WITH")) else "looks"
            taken[kind].append(time.perf_counter() - start)

    with connection.execute_wrapper(wrap):
        yield taken


def ours(now: datetime) -> tuple[float, int, dict[str, list[float]]]:
    """Seconds, rows and statements of one sweep."""
    start = time.perf_counter()
    with statements_timed() as taken:
        swept = sweep_rows(operator=OPERATOR, now=now)
    return time.perf_counter() - start, swept.addresses[TABLE], taken


def bare(now: datetime) -> tuple[float, int]:
    start = time.perf_counter()
    rows = execute(f"UPDATE {COPY} SET address = NULL WHERE at < %s AND address IS NOT NULL", cutoff(now))
    return time.perf_counter() - start, rows


def cutoff(now: datetime) -> Any:
    """As the database of this run takes a moment."""
    return connection.ops.adapt_datetimefield_value(months_before(now, 12, OPERATOR.zone))


class Meddler(threading.Thread):
    """Over a connection of its own, keeps updating a row that is due next, as its owner's request might."""

    def __init__(self, now: datetime) -> None:
        super().__init__(daemon=True)
        self.before, self.over, self.waits = cutoff(now), threading.Event(), list[float]()

    def run(self) -> None:
        while not self.over.is_set():
            due = asked(f"SELECT id FROM {TABLE} WHERE at < %s AND address IS NOT NULL ORDER BY at LIMIT 1", self.before)
            start = time.perf_counter()
            for (pk,) in due:
                execute(f"UPDATE {TABLE} SET browser = 'Firefox 146' WHERE id = %s", pk)
            self.waits.append(time.perf_counter() - start)
            time.sleep(0.002)
        connection.close()


def left(now: datetime) -> int:
    return int(asked(f"SELECT count(*) FROM {TABLE} WHERE at < %s AND address IS NOT NULL", cutoff(now))[0][0])


# --- The run --------------------------------------------------------------------------------------------------------------
def alternate(rounds: int, days: int) -> bool:
    """Whether the sweep kept to both aims, and left nothing."""
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    statements: dict[str, list[float]] = {"writes": [], "looks": []}
    kept, now = True, NOW - SPREAD + timedelta(days=365)
    sweep_rows(operator=OPERATOR, now=now)  # the first sweep finds nothing yet; what is compiled once is compiled now
    for n in range(rounds):
        now += timedelta(days=days)
        for name in ("ours", "bare") if n % 2 else ("bare", "ours"):
            if name == "ours":
                seconds, rows, taken = ours(now)
                for kind, of_kind in taken.items():
                    statements[kind] += of_kind
            else:
                seconds, rows_bare = bare(now)
            times[name].append(seconds)
        kept &= rows == rows_bare and left(now) == 0
        tidy()
    grown = -peak()
    now += timedelta(days=days)
    meddler = Meddler(now)
    meddler.start()
    ours(now)
    meddler.over.set()
    meddler.join()
    grown += peak()
    forgotten = left(now)
    ours_s, bare_s = statistics.median(times["ours"]), statistics.median(times["bare"])
    print(
        f"{rows} addresses a round   sweep {ours_s:6.2f} s ({rows / ours_s:,.0f} rows/s)   one bare UPDATE {bare_s:6.2f} s   "
        f"ratio {ours_s / bare_s:.2f} (aim: at most {RATIO:g})\n"
        f"longest statement that writes {1000 * max(statements['writes']):.0f} ms (aim: under {1000 * STATEMENT:.0f}; "
        f"half of them under {1000 * statistics.median(statements['writes']):.0f}), "
        f"that looks {1000 * max(statements['looks']):.0f} ms   memory grew by {grown:.1f} MB\n"
        f"of {len(meddler.waits)} updates of the row due next the longest waited {1000 * max(meddler.waits):.0f} ms\n"
        f"left behind by {rounds} sweeps: {'nothing' if kept else 'SOMETHING'}; by the one with updates in its way: {forgotten}",
        flush=True,
    )
    return kept and forgotten == 0


def peak() -> float:
    """The most memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000 if SERVER else 1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--days", type=int, default=14, help="how much time passes between two sweeps")
    options = parser.parse_args()
    start = time.perf_counter()
    furnish(options.rows)
    tidy()
    print(f"{options.rows} rows and their copy made in {time.perf_counter() - start:.0f} s", flush=True)
    return 0 if alternate(options.rounds, options.days) else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    finally:
        connection.close()
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
