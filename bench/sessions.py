"""What the ledger of sessions costs a signed-in page, and what ten thousand sessions of one person cost.

    .venv/bin/python -m bench.sessions [--requests 400] [--sessions 10000] [--rounds 7]

A page is asked for through Django's own WSGI handler in this process (all middleware, no socket), by the same person in turn with
our sessions and, in a second handler, with Django's bare ones (its ``db`` backend over its own table, its middleware, no hold).
Both tables hold as many open sessions of other people. Listing and ending ten thousand sessions stand beside a bare SELECT and a
bare UPDATE of as many rows of a table with the same columns and primary key, but no other index or constraint. Medians, in turn.
DATABASE_URL names a PostgreSQL server on which a database bench_sessions is made and dropped; without it SQLite is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

NAME = "bench_sessions"
home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
(home / "static").mkdir()
shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
SERVER = os.environ.get("DATABASE_URL", "")
if SERVER:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = SERVER.rsplit("/", 1)[0] + f"/{NAME}"
os.environ.update({"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bench.bare_settings"})

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore as BareStore  # noqa: E402
from django.contrib.sessions.models import Session as BareSession  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bonafide.sessions.end import end_sessions  # noqa: E402
from bonafide.sessions.listing import open_sessions  # noqa: E402
from bonafide.sessions.models import Reason, Session  # noqa: E402
from tests.factories.accounts import make_account, make_member, make_user  # noqa: E402
from tests.factories.billing import make_invoice  # noqa: E402
from tests.factories.sessions import make_session  # noqa: E402

NOW = datetime.now(UTC)
PAGES = ("/bills", "/usage")
TABLE = Session._meta.db_table
OTHERS = 20_000  # open sessions that are not looked at


class Browser:
    """One handler and one cookie."""

    def __init__(self, key: str) -> None:
        self.handler, self.cookie = WSGIHandler(), f"{settings.SESSION_COOKIE_NAME}={key}"

    def get(self, path: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_COOKIE": self.cookie,
            "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        said: list[str] = []
        response = self.handler(environ, lambda status, headers: said.append(status))
        b"".join(response)
        response.close()
        assert said == ["200 OK"], (path, said, self.cookie)


def furnish() -> tuple[Browser, Browser]:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if BareSession._meta.db_table not in connection.introspection.table_names():  # our own migrations drop it
        with connection.schema_editor() as editor:
            editor.create_model(BareSession)
    account = make_account()
    make_invoice(account=account)
    person = make_member(account=account)
    other = make_user()
    with transaction.atomic():
        fill(other, OTHERS, prefix="other")
        until = NOW + timedelta(days=14)
        BareSession.objects.bulk_create(
            [BareSession(session_key=f"other{n}", session_data="x" * 200, expire_date=until) for n in range(OTHERS)],
            batch_size=1000,
        )
    session = make_session(person)
    bare = BareStore()
    bare.update(dict(session.items()))
    bare.create()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ours = Browser(session.session_key or "")
    with override_settings(**settings.BARE):
        return ours, Browser(bare.session_key or "")


def fill(user: Any, count: int, *, prefix: str) -> None:
    rows = [
        Session(
            key_hash=f"{prefix}{n:055}", data="x" * 200, user=user, created_at=NOW, last_seen_at=NOW, address_seen_at=NOW,
            address="192.0.2.7", browser="Firefox 145", system="Windows", how="password",
        )
        for n in range(count)
    ]  # fmt: skip
    Session.objects.bulk_create(rows, batch_size=1000)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(count: int, **works: Callable[[], object]) -> dict[str, float]:
    """Median seconds of each, one after the other, ``count`` times; whoever begins changes."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for n in range(count):
        for name in list(works) if n % 2 else reversed(list(works)):
            times[name].append(timed(works[name]))
    return {name: statistics.median(taken) for name, taken in times.items()}


def pages(requests: int) -> bool:
    """Whether the ledger costs no statement more than Django's sessions."""
    ours, bare = furnish()
    equal = True
    for path in PAGES:
        counts = []
        for browser in (ours, bare):
            for _ in range(20):
                browser.get(path)
            with CaptureQueriesContext(connection) as queries:
                browser.get(path)
            counts.append(len(queries))
        equal &= counts[0] <= counts[1]
        median = in_turn(requests, ours=lambda path=path: ours.get(path), bare=lambda path=path: bare.get(path))
        print(
            f"{path:8} ledger {1000 * median['ours']:6.2f} ms, {counts[0]} statements   bare {1000 * median['bare']:6.2f} ms, "
            f"{counts[1]} statements   ratio {median['ours'] / median['bare']:.2f} (aim: at most 1.3)",
            flush=True,
        )
    return equal


def ten_thousand(count: int, rounds: int) -> None:
    user = make_user()
    fill(user, count, prefix="mine")
    with connection.cursor() as cursor:
        columns = ", ".join(column.column for column in Session._meta.concrete_fields)
        cursor.execute("CREATE TABLE bare (id varchar(36) PRIMARY KEY, " + ", ".join(
            f"{field.column} {field.db_type(connection)}" for field in Session._meta.concrete_fields if field.column != "id"
        ) + ")")  # fmt: skip
        # varchar holds a UUID of either database as it is written there.
        cursor.execute(
            f"INSERT INTO bare ({columns}) SELECT {columns.replace('id,', 'CAST(id AS varchar(36)),', 1)} FROM {TABLE}"
        )
        cursor.execute("ANALYZE")

    def bare(sql: str, *values: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [*values, user.pk])
            if sql.startswith("SELECT"):
                assert len(cursor.fetchall()) == count

    def again(table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET ended_at = NULL, end_reason = '', data = 'x' WHERE user_id = %s", [user.pk])
            if connection.vendor == "postgresql":
                cursor.execute(f"VACUUM {table}")

    listed = in_turn(
        rounds,
        ours=lambda: len(open_sessions(user=user, now=NOW, limits=settings.OPERATOR.sessions)),
        bare=lambda: bare(f"SELECT {columns} FROM bare WHERE ended_at IS NULL AND user_id = %s"),
    )
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    set_ended = "UPDATE bare SET ended_at = %s, end_reason = %s, data = '' WHERE ended_at IS NULL AND user_id = %s"
    for _ in range(rounds):
        with CaptureQueriesContext(connection) as queries:
            times["ours"].append(timed(lambda: end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=NOW)))
        times["bare"].append(timed(lambda: bare(set_ended, NOW, "ended-by-user")))
        touching = sum(TABLE in query["sql"] for query in queries)
        again(TABLE)
        again("bare")
    ended = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"{count} listed {1000 * listed['ours']:6.1f} ms   bare SELECT {1000 * listed['bare']:6.1f} ms   "
          f"ratio {listed['ours'] / listed['bare']:.2f}")  # fmt: skip
    print(f"{count} ended  {1000 * ended['ours']:6.1f} ms, {touching} statement on sessions   bare UPDATE "
          f"{1000 * ended['bare']:6.1f} ms   ratio {ended['ours'] / ended['bare']:.2f}")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    equal = pages(options.requests)
    ten_thousand(options.sessions, options.rounds)
    return 0 if equal else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    finally:
        connection.close()
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
