"""What every test may lean on. Factories are in ``tests/factories``, one module per package."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from tests import chromium
from tests.fakes.console import Console, serving
from tests.fakes.smtp_sink import SmtpSink


def pytest_unconfigure(config: pytest.Config) -> None:
    """Every process of the run has an instance folder of its own (tests/settings.py); each clears its own away."""
    shutil.rmtree(settings.INSTANCE.home, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _emptying_lifts_the_guards() -> Iterator[None]:
    """Tests that commit are cleared away by emptying every table, which the guards of what was issued rightly refuse."""
    from tests.factories.billing import triggers_lifted

    empty = TransactionTestCase._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        with triggers_lifted(), kept_tables_may_be_emptied():
            empty(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@contextmanager
def kept_tables_may_be_emptied() -> Iterator[None]:
    """Lifts the guards that bonafide/append_only.py sets: on PostgreSQL those against TRUNCATE, on SQLite, which deletes, all."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = cursor.fetchall()
            for name, _sql in guards:
                cursor.execute(f"DROP TRIGGER {name}")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                for _name, sql in guards:
                    cursor.execute(sql)
        return
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%\_whole'")
        tables = [table for (table,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture(autouse=True)
def _in_the_consoles_language() -> None:
    """A request leaves its reader's language behind in the thread."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _the_foot_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages look at the state of the promises once a minute; queries are counted without that."""
    from bonafide.terms import context

    monkeypatch.setattr(context, "_kept", {"counted": (float("inf"), {"proven": 1, "failing": 0, "all": 1})})
    monkeypatch.setattr(context, "_asked", {"asking": (float("inf"), None)})


@pytest.fixture
def reasons_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff have said why they open each record: for tests that are about what they do there."""
    from bonafide.privacy import reasons

    monkeypatch.setattr(reasons, "given", lambda session, **about: "your message of 20 November about VAT")


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server on loopback that keeps what it is given."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def console(tmp_path: Path, smtp_sink: SmtpSink, request: pytest.FixtureRequest) -> Iterator[Console]:
    """A real ``bonafide serve`` over an instance of its own, on this run's kind of database."""
    with serving(tmp_path / "instance", smtp_port=smtp_sink.port) as console:
        yield console


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A real browser, headless, driven by Playwright; nothing in it calls home."""
    found = chromium.program()
    if found is None:
        pytest.skip("no Chromium was found (chromium, chromium-browser or google-chrome on the PATH)")
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=chromium.OPTIONS,
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
