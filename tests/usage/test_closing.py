"""A month that is closed stays as it was closed, whatever is being written at that moment."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth
from bonafide.usage import ingest as ingest_module
from bonafide.usage.closing import BillMonths, close_month, hold_open_months
from bonafide.usage.ingest import Row, ingest
from bonafide.usage.models import Event, Source
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, make_meter, use

SEPTEMBER = Month(2024, 9)
PATIENCE = 20


@pytest.mark.django_db
def test_a_month_is_closed_once() -> None:
    close_month(month=SEPTEMBER, now=NOW)
    close_month(month=SEPTEMBER, now=NOW.replace(year=2025))
    assert list(ClosedMonth.objects.values_list("month", "closed_at")) == [(202409, NOW)]


@pytest.mark.django_db
def test_late_usage_goes_on_the_first_month_after_its_own_that_is_open() -> None:
    for month in (Month(2024, 11), Month(2024, 12), Month(2025, 2)):
        close_month(month=month, now=NOW)
    bills = BillMonths(hold_open_months())
    assert [bills[key] for key in (202410, 202411, 202412, 202501, 202502)] == [202410, 202501, 202501, 202501, 202503]


def events_when_closed_and_at_the_end() -> tuple[int, int]:
    """Close September while a batch of it is half written: its events at the return of the closing, and after the batch."""
    account, meter, source = make_account(), make_meter(), Source.objects.create(name="test")
    half_way, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for n in range(2):
            yield (source.pk, f"e{n}", account.pk, meter.pk, 1_726_660_800_000_000, 20240918, "", "", 1000, "", n)
            half_way.set()
            go_on.wait(PATIENCE)

    def write() -> None:
        try:
            ingest(rows=rows(), origin="test", now=NOW)
        finally:
            half_way.set()
            connection.close()

    def close() -> None:
        try:
            half_way.wait(PATIENCE)
            close_month(month=SEPTEMBER, now=NOW)
            seen.append(Event.objects.filter(bill_month=202409).count())
        finally:
            connection.close()

    writer, closer = threading.Thread(target=write), threading.Thread(target=close)
    writer.start()
    closer.start()
    closer.join(0.5)  # time enough to close, if nothing keeps it from that
    go_on.set()
    writer.join(PATIENCE)
    closer.join(PATIENCE)
    return seen[0], Event.objects.filter(bill_month=202409).count()


@pytest.mark.usefixtures("committed")
def test_a_batch_under_way_is_waited_for_and_the_next_one_finds_the_month_closed() -> None:
    assert events_when_closed_and_at_the_end() == (2, 2)
    use(make_account(), make_meter())
    assert Event.objects.latest("pk").bill_month == 202410


@pytest.mark.usefixtures("committed")
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="on SQLite the transaction is the lock and cannot be left out")
def test_without_the_lock_events_would_enter_a_closed_month(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "hold_open_months", lambda: frozenset(ClosedMonth.objects.values_list("month", flat=True)))
    assert events_when_closed_and_at_the_end() == (0, 2)
