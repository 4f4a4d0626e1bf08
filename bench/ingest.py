"""Usage rows taken in per second, from a file and by the API, against the least that any ingest must do on the same rows.

    .venv/bin/python -m bench.ingest [--rows 200000] [--rounds 3]

``import`` is the whole of ``bonafide usage import`` of a CSV file: reading, checking, deduplicating, totals. ``its writer alone``
is the last two of these, on checked rows. ``POST`` is batches of 1,000 as JSON through Django's own WSGI handler in this process
(all middleware, the key, no socket), each committed. Beside them, in turn: ``bulk_create(ignore_conflicts=True)`` of the same
checked rows (events alone: no reading, no checking, no totals), and the floor, a bare executemany (SQLite) or COPY (PostgreSQL)
of the same rows into a table without any key; both in one transaction against the import, and in batches of 1,000, each
committed, against the API. Every measurement starts from empty tables. Event ids are once in the order of time (like UUIDv7)
and once random (UUID4). Medians are over the rounds. DATABASE_URL names a PostgreSQL server on which a database bench_ingest is
made and dropped; without it SQLite is measured, in a folder of its own.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import random
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

NAME = "bench_ingest"
home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
(home / "static").mkdir()
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

import msgspec  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from bonafide.accounts.api_keys import make_key  # noqa: E402
from bonafide.accounts.models import Account  # noqa: E402
from bonafide.pricing.models import Meter  # noqa: E402
from bonafide.usage.import_file import import_file  # noqa: E402
from bonafide.usage.ingest import Row, ingest  # noqa: E402
from bonafide.usage.models import Batch, Event, Source, Total  # noqa: E402

NOW = datetime.now(UTC)
ZONE = django.conf.settings.OPERATOR.zone
BATCH = 1_000
ACCOUNTS = 45  # times 3 meters, 2 regions and 30 days: some 24 rows to a total at 200,000 rows, like hourly usage
BARE_COLUMNS = (
    "source_id bigint, event_id varchar(200), account_id bigint, meter_id bigint, occurred_us bigint, day integer, "
    "group_key varchar(200), subject varchar(200), quantity bigint, dimensions text, position bigint"
)


class Usage:
    """The same events in each form that a contender starts from."""

    def __init__(self, count: int, *, ordered: bool) -> None:
        rng = random.Random(7)
        self.rows: list[Row] = []
        start = NOW - timedelta(days=30)
        lines = ["id,source,account,meter,time,quantity,region,resource\n"]
        events = []
        encode = msgspec.json.encode
        accounts = list(Account.objects.order_by("pk").values_list("pk", "reference"))
        meters = list(Meter.objects.order_by("pk").values_list("pk", "code"))
        source = Source.objects.get_or_create(name="bench")[0].pk
        for n in range(count):
            moment = start + timedelta(seconds=n * 2_500_000 // count)
            ident = (
                f"{int(moment.timestamp() * 1000):012x}-{rng.getrandbits(80):020x}"
                if ordered
                else str(uuid.UUID(int=rng.getrandbits(128), version=4))
            )
            (account, reference), (meter, code) = rng.choice(accounts), rng.choice(meters)
            region, resource, quantity = rng.choice(["north", "south"]), f"vm-{rng.randrange(400)}", rng.randrange(10**6)
            dimensions = {"region": region, "resource": resource}
            text = f"{quantity // 1000}.{quantity % 1000:03d}"
            stamp = moment.isoformat()
            lines.append(f"{ident},bench,{reference},{code},{stamp},{text},{region},{resource}\n")
            event = {"id": ident, "source": "bench", "account": reference, "meter": code, "time": stamp, "quantity": text}
            events.append({**event, "dimensions": dimensions})
            us = int(moment.timestamp()) * 10**6
            day = int(moment.astimezone(ZONE).strftime("%Y%m%d"))
            packed = encode(dimensions).decode()
            self.rows.append((source, ident, account, meter, us, day, region, "", quantity, packed, n))
        self.file = home / f"{'ordered' if ordered else 'random'}.csv"
        self.file.write_text("".join(lines), encoding="utf-8")
        self.bodies = [encode(events[at : at + BATCH]) for at in range(0, count, BATCH)]

    def batches(self) -> Iterator[list[Row]]:
        return (self.rows[at : at + BATCH] for at in range(0, len(self.rows), BATCH))


def emptied() -> None:
    with connection.cursor() as cursor:
        for table in ("usage_total", "usage_event", "usage_batch", "bench_bare"):
            cursor.execute(f"TRUNCATE {table}" if connection.vendor == "postgresql" else f"DELETE FROM {table}")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def bare(rows: list[Row]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(f"INSERT INTO bench_bare VALUES ({', '.join(['%s'] * 11)})", rows)
            return
        with cursor.copy("COPY bench_bare FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def by_orm(rows: list[Row]) -> None:
    with transaction.atomic():
        made = Batch.objects.create(received_at=NOW, origin="bench")
        Event.objects.bulk_create(
            [
                Event(
                    source_id=row[0],
                    event_id=row[1],
                    account_id=row[2],
                    meter_id=row[3],
                    batch=made,
                    occurred_us=row[4],
                    day=row[5],
                    bill_month=row[5] // 100,
                    group_key=row[6],
                    subject=row[7],
                    quantity=row[8],
                    dimensions=row[9],
                )
                for row in rows
            ],
            batch_size=1000,
            ignore_conflicts=True,
        )


class Contenders:
    def __init__(self, usage: Usage) -> None:
        self.usage = usage
        _key, text = make_key(account=None, name="bench", scopes=["usage:write"], expires_at=None, now=NOW)
        self.headers = {"Authorization": f"Bearer {text}"}
        self.client = Client(SERVER_NAME="localhost")

    def import_(self) -> None:
        done = import_file(path=self.usage.file, format="csv", zone=ZONE, now=NOW)
        assert done.accepted == len(self.usage.rows), done

    def write_alone(self) -> None:
        """The writer without reading and checking: what of the import is the database."""
        assert ingest(rows=iter(self.usage.rows), origin="bench", now=NOW).accepted == len(self.usage.rows)

    def post(self) -> None:
        for body in self.usage.bodies:
            answer = self.client.post("/api/v1/events", body, content_type="application/json", headers=self.headers)
            assert answer.json()["accepted"] == BATCH, answer.content

    def orm_whole(self) -> None:
        by_orm(self.usage.rows)

    def orm_batches(self) -> None:
        for rows in self.usage.batches():
            by_orm(rows)

    def bare_whole(self) -> None:
        bare(self.usage.rows)

    def bare_batches(self) -> None:
        for rows in self.usage.batches():
            bare(rows)


def measured(contenders: Contenders, rounds: int) -> dict[str, list[float]]:
    """Rows a second of each contender, in turn, ``rounds`` times."""
    names = ["import_", "orm_whole", "bare_whole", "write_alone", "post", "orm_batches", "bare_batches"]
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            emptied()
            run: Callable[[], None] = getattr(contenders, name)
            start = time.perf_counter()
            run()
            speeds[name].append(len(contenders.usage.rows) / (time.perf_counter() - start))
    return speeds


def report(kind: str, speeds: dict[str, list[float]]) -> None:
    median = {name: statistics.median(values) for name, values in speeds.items()}
    floor = "executemany" if connection.vendor == "sqlite" else "COPY"
    for title, ours, orm, least in [
        ("usage import", "import_", "orm_whole", "bare_whole"),
        ("its writer alone", "write_alone", "orm_whole", "bare_whole"),
        ("POST, batches of 1,000", "post", "orm_batches", "bare_batches"),
    ]:
        spread = f"{min(speeds[ours]):,.0f}-{max(speeds[ours]):,.0f}"
        print(
            f"{connection.vendor}, {kind} ids: {title} {median[ours]:,.0f} rows/s ({spread}); bulk_create {median[orm]:,.0f}, "
            f"{median[ours] / median[orm]:.2f} times it (aim 4); bare {floor} {median[least]:,.0f}, "
            f"{median[ours] / median[least]:.2f} of it (aim 0.15)",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", choices=["import_", "post", "write_alone"], help="where one run of this spends its time")
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    Account.objects.bulk_create(
        [
            Account(reference=f"acme-{n}", name=f"Acme {n}", kind="company", country="FR", language="en", created_at=NOW)
            for n in range(ACCOUNTS)
        ]
    )
    for n in range(3):
        Meter.objects.create(
            code=f"meter-{n}", name_en="m", name_fr="m", unit="GB", aggregation="sum", scale=3, group_by="region"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_bare ({BARE_COLUMNS})")
    for kind in ("ordered", "random"):
        contenders = Contenders(Usage(asked.rows // BATCH * BATCH, ordered=kind == "ordered"))
        if asked.profile:
            profile = cProfile.Profile()
            profile.runcall(getattr(contenders, asked.profile))
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            return
        report(kind, measured(contenders, asked.rounds))
    print(f"totals kept: {Total.objects.count()}; {asked.rows} rows, {asked.rounds} rounds, each from empty tables")


if __name__ == "__main__":
    try:
        main()
    finally:
        connection.close()
        shutil.rmtree(home, ignore_errors=True)
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE IF EXISTS {NAME}")
