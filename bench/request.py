"""What it costs a request that it is written down, that its cookies are looked at, and that its session was used.

    .venv/bin/python -m bench.request [--requests 300]

A page is asked for through Django's own WSGI handler in this process, in turn with the access log, the cookie guard and the touch
of the session, and in a second handler without the three; everything else, the session itself included, is the same. Whoever
begins changes; medians, and the middle half of the differences. A session is touched at most every five minutes, so that most
requests only find that it is not time yet; what the one request costs that writes is measured apart. DATABASE_URL names a
PostgreSQL server on which a database bench_request is made and dropped; without it SQLite is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

NAME = "bench_request"
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

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import override_settings  # noqa: E402

from bonafide.privacy.access_log import folder  # noqa: E402
from bonafide.sessions.models import Session  # noqa: E402
from bonafide.sessions.store import SessionStore  # noqa: E402
from tests.factories.accounts import make_account, make_member  # noqa: E402
from tests.factories.billing import make_invoice  # noqa: E402
from tests.factories.sessions import make_session  # noqa: E402
from tests.factories.terms import publish_terms  # noqa: E402

AIM = 1.15
PAGES = (("/bills", True), ("/usage", True), ("/settings/sessions", True), ("/legal", True), ("/legal", False))
MEASURED = ("bonafide.privacy.access_log.AccessLogMiddleware", "bonafide.privacy.cookies.CookieGuardMiddleware")
BARE = [name for name in settings.MIDDLEWARE if name not in MEASURED]


TOUCH = SessionStore.touch


def untouched(session: SessionStore) -> None:
    """In place of it: nothing of the session's use is noted."""


class Browser:
    """One handler and one cookie."""

    def __init__(self, key: str, touch: Callable[[SessionStore], None]) -> None:
        self.handler, self.cookie, self.touch = WSGIHandler(), f"{settings.SESSION_COOKIE_NAME}={key}", touch

    def get(self, path: str, *, signed_in: bool) -> float:
        """Seconds from the request to the last byte of its answer."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        if signed_in:
            environ["HTTP_COOKIE"] = self.cookie
        said: list[str] = []
        SessionStore.touch = self.touch  # type: ignore[method-assign]
        start = time.perf_counter()
        response = self.handler(environ, lambda status, headers: said.append(status))
        b"".join(response)
        response.close()
        taken = time.perf_counter() - start
        assert said == ["200 OK"], (path, said)
        return taken


def furnish() -> tuple[Browser, Browser, SessionStore]:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    publish_terms()
    account = make_account()
    make_invoice(account=account)
    session = make_session(make_member(account=account))
    key = session.session_key or ""
    with override_settings(MIDDLEWARE=BARE):
        bare = Browser(key, untouched)
    return Browser(key, TOUCH), bare, session


def pages(ours: Browser, bare: Browser, requests: int) -> None:
    for path, signed_in in PAGES:
        for browser in (ours, bare):
            for _ in range(30):
                browser.get(path, signed_in=signed_in)
        times: dict[Browser, list[float]] = {ours: [], bare: []}
        for n in range(requests):
            for browser in (ours, bare) if n % 2 else (bare, ours):
                times[browser].append(browser.get(path, signed_in=signed_in))
        median = {browser: statistics.median(taken) for browser, taken in times.items()}
        low, _middle, high = statistics.quantiles((1e6 * (a - b) for a, b in zip(times[ours], times[bare], strict=True)), n=4)
        print(
            f"{path:18} {'signed in ' if signed_in else 'signed out'}  with {1000 * median[ours]:6.2f} ms   without "
            f"{1000 * median[bare]:6.2f} ms   ratio {median[ours] / median[bare]:.3f} (aim: at most {AIM})   "
            f"difference of a pair {low:.0f} to {high:.0f} µs",
            flush=True,
        )


def touches(ours: Browser, bare: Browser, session: SessionStore, requests: int) -> None:
    """The one request in five minutes that notes its time and its address."""
    times: dict[Browser, list[float]] = {ours: [], bare: []}
    for n in range(requests):
        for browser in (ours, bare) if n % 2 else (bare, ours):
            row = Session.objects.get(pk=session.row.pk if session.row else None)
            Session.objects.filter(pk=row.pk).update(
                last_seen_at=row.last_seen_at - timedelta(minutes=6), created_at=row.created_at - timedelta(hours=1)
            )
            times[browser].append(browser.get("/bills", signed_in=True))
            Session.objects.filter(pk=row.pk).update(last_seen_at=row.last_seen_at, created_at=row.created_at)
    with_touch, without = (statistics.median(times[browser]) for browser in (ours, bare))
    print(
        f"/bills, when it is time to note the session's use: with {1000 * with_touch:6.2f} ms   "
        f"without {1000 * without:6.2f} ms   ratio {with_touch / without:.3f}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    ours, bare, session = furnish()
    pages(ours, bare, options.requests)
    touches(ours, bare, session, options.requests // 4)
    written = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in folder().iterdir())
    wanted = len(PAGES) * (options.requests + 30) + options.requests // 4
    print(f"{written} lines of the access log for {wanted} requests with it", flush=True)
    return 0 if written == wanted else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    finally:
        connection.close()
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
