"""Sweeping goes in short steps, keeps nobody waiting, survives being killed, and forgets no row."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections

from bonafide.accounts.models import AccountChange
from bonafide.holdings import Basis, Holding, Kept, Kind, Swept, Table, Unit, Whose
from bonafide.operator_privacy import Floor
from bonafide.periods import months_after
from bonafide.privacy import sweep_batches
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.models import Look, SweepRun
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose as Customer
from bonafide.privacy.sweep_plan import steps
from bonafide.privacy.sweep_rows import due_rows, held_addresses, sweep_rows
from bonafide.privacy.sweep_runs import last_sweep
from bonafide.sessions.models import SignIn
from bonafide.usage.models import Batch, Event, Source
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice, make_meter, operator
from tests.factories.history import make_rows, make_sign_ins
from tests.factories.privacy import make_hold

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
LONG = {"history_months": 36}
db = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def a_table(model, ends, kind=Kind.USAGE, **paths):
    return Table(model, holdings=(Holding(kind, (), "", Whose.CUSTOMERS, "", Basis.CONTRACT, ends, "", **paths),))


def sweep(tables=TABLES, now=NOW, on_batch=lambda _rows: None, **retention):
    return sweep_rows(operator=operator(retention=LONG | retention), now=now, on_batch=on_batch, tables=tables)


# --- Days -----------------------------------------------------------------------------------------------------------------
@db
def test_the_day_of_the_year_comes_round_and_not_a_minute_before():
    (row,) = make_sign_ins(make_user(), 1, now=datetime(2025, 11, 22, 10, tzinfo=UTC))
    sweep(now=datetime(2026, 11, 22, 9, 59, tzinfo=UTC))
    row.refresh_from_db()
    assert row.address
    sweep(now=datetime(2026, 11, 22, 10, tzinfo=UTC))
    row.refresh_from_db()
    assert row.address, "a year old is not older than a year"
    sweep(now=datetime(2026, 11, 22, 11, tzinfo=UTC))  # the next hour's
    row.refresh_from_db()
    assert row.address is None


@pytest.mark.parametrize(
    ("seen", "kept", "gone"),
    [
        ("2024-02-29T12:00", "2025-02-28T23:59", "2025-03-01T00:00"),
        ("2025-10-26T02:30", "2026-10-26T02:30", "2026-10-26T02:31"),  # in Paris that hour came twice
        ("2025-03-30T00:30", "2026-03-30T00:30", "2026-03-30T00:31"),
    ],
)
@db
def test_a_year_is_one_of_the_operators_calendar(seen, kept, gone):
    zone = operator().zone
    seen, kept, gone = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (seen, kept, gone))
    make_sign_ins(make_user(), 1, now=seen)
    sweep(now=kept)
    assert held_addresses() == 1
    sweep(now=gone)
    assert held_addresses() == 0


# --- Columns of every sort ------------------------------------------------------------------------------------------------
@db
def test_moments_in_microseconds_have_a_cutoff_of_their_own():
    account, meter = make_account(), make_meter()
    source = Source.objects.create(name="s")
    batch = Batch.objects.create(origin="test", received_at=NOW)
    limit = datetime(2023, 11, 25, 10, tzinfo=UTC)
    for number, moment in enumerate((limit - timedelta(microseconds=1), limit, NOW)):
        microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        about = {"source": source, "account": account, "meter": meter, "batch": batch, "event_id": str(number)}
        Event.objects.create(**about, occurred_us=microseconds, day=20231125, bill_month=202311, quantity=1)
    table = a_table("usage.Event", Swept("retention.usage_months", "occurred_us", unit=Unit.MICROSECONDS), account="account_id")
    hold = make_hold(Kind.USAGE, account=account, now=NOW, days=1)
    assert sweep([table]).held == {"usage_event": 1}
    assert sweep([table], now=hold.until, usage_months=36).deleted == {"usage_event": 2}
    assert list(Event.objects.values_list("event_id", flat=True)) == ["2"]


@db
def test_a_table_that_is_walked_is_swept_by_its_keys_and_what_is_young_in_between_stays(monkeypatch):
    monkeypatch.setattr(sweep_batches, "BATCH", 10)
    make_sign_ins(make_user(), 40, now=OLD)
    for row in SignIn.objects.order_by("pk")[5:25:2]:
        SignIn.objects.filter(pk=row.pk).update(at=NOW)
    (table,) = (table for table in TABLES if table.model == "console_sessions.SignIn")
    sizes = []
    assert sweep([replace(table, walked=True)], on_batch=sizes.append).addresses == {"console_sessions_signin": 30}
    assert len(sizes) >= 4
    assert held_addresses() == 10


@db
def test_what_a_floor_keeps_goes_after_it_and_may_count_from_another_table():
    closed, still_open = make_account(closed_at=OLD), make_account()
    for account in (closed, still_open):
        AccountChange.objects.create(account=account, at=OLD, fields=["name"])
    table = a_table("accounts.AccountChange", Kept(Kind.PAYMENT, since="account__closed_at"), Kind.PAYMENT, account="account_id")
    floors = (Floor(data="payment", months=12, after="event", basis="a decree"),)
    assert sweep([table], now=OLD + timedelta(days=365), floors=floors).deleted == {"accounts_accountchange": 0}
    assert sweep([table], now=OLD + timedelta(days=367), floors=floors).deleted == {"accounts_accountchange": 1}
    assert AccountChange.objects.get().account == still_open
    assert sweep([table], floors=()).deleted == {}


GROWING = ["console_sessions.Session", "console_sessions.SignIn", "sign_in.KnownBrowser"]


@pytest.mark.parametrize("label", GROWING)
def test_what_is_due_is_found_by_an_index(label):
    (table,) = (table for table in TABLES if table.model == label)
    plan = steps(operator=operator(), now=NOW, tables=[table])
    assert plan
    for step in plan:
        assert step.since in {index.fields[0] for index in step.model._meta.indexes}, step.since


# --- Foreign keys, faults -------------------------------------------------------------------------------------------------
@db
def test_a_session_that_goes_leaves_the_sign_in_that_began_it():
    user = make_user()
    (row,) = make_rows(user, 1, now=OLD, ended_at=OLD, end_reason="signed-out")
    make_sign_ins(user, 1, now=NOW, session=row)
    assert sweep(history_months=12).deleted["console_sessions_session"] == 1
    assert SignIn.objects.get().session is None


@db
def test_a_table_that_cannot_be_swept_is_named_and_keeps_no_other_waiting(caplog):
    make_invoice()
    make_sign_ins(make_user(), 3, now=OLD)
    bills = a_table(
        "billing.Invoice", Swept("retention.letters_days", "issued_on", unit=Unit.DATE), Kind.BILLS, account="account_id"
    )
    result = sweep([bills, *TABLES])
    (fault,) = result.faults
    assert fault.startswith("billing_invoice: ")
    assert result.addresses["console_sessions_signin"] == 3
    assert last_sweep(SweepRun.Kind.ROWS).faults == [fault]
    assert "could not be swept" in caplog.text


# --- Batches --------------------------------------------------------------------------------------------------------------
@db
def test_a_batch_is_smaller_after_one_that_took_long(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(sweep_batches, "time", SimpleNamespace(monotonic=lambda: next(ticks)))  # a second each
    make_sign_ins(make_user(), 1_500, now=OLD)
    sizes = []
    sweep(on_batch=sizes.append)
    assert sizes == [1000, 250, 100, 100, 50]


@db
def test_rows_of_one_moment_are_more_than_a_batch_takes(monkeypatch):
    monkeypatch.setattr(sweep_batches, "BATCH", 10)
    user = make_user()
    SignIn.objects.bulk_create(SignIn(user=user, at=OLD, outcome="signed-in", address="192.0.2.1") for _ in range(25))
    make_sign_ins(user, 12, now=OLD - timedelta(hours=1))
    make_sign_ins(user, 12, now=OLD + timedelta(hours=1))
    sizes = []
    assert sweep(on_batch=sizes.append).addresses["console_sessions_signin"] == 49
    assert max(sizes) <= 11
    assert held_addresses() == 0


@db
def test_held_rows_in_between_are_passed_once(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(sweep_batches, "BATCH", 10)
    named, other = make_member(), make_member()
    for minutes in range(60):
        make_sign_ins(named if minutes % 3 else other, 1, now=OLD - timedelta(minutes=minutes))
    make_hold(Kind.ADDRESSES, person=named, now=NOW)
    with django_assert_max_num_queries(70):
        assert sweep().addresses["console_sessions_signin"] == 20
    assert held_addresses() == 40


@committed
def test_killed_in_the_middle_it_is_taken_up_again(monkeypatch):
    monkeypatch.setattr(sweep_batches, "BATCH", 100)
    named, other = make_member(), make_member()
    make_hold(Kind.ADDRESSES, person=named, now=NOW)
    for user in (named, other):
        make_sign_ins(user, 500, now=OLD)
    connections.close_all()
    child = os.fork()
    if not child:
        sweep(on_batch=lambda _rows: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = SignIn.objects.filter(address__isnull=False)
    assert (left.filter(user=named).count(), left.filter(user=other).count()) == (500, 400)
    assert last_sweep(SweepRun.Kind.ROWS) is None
    assert SweepRun.objects.get().finished_at is None, "that it began is written down"
    assert sweep().addresses["console_sessions_signin"] == 400
    assert (left.filter(user=named).count(), left.filter(user=other).count()) == (500, 0)
    assert due_rows(operator=operator(retention=LONG), now=NOW) == {}


@committed
def test_a_row_that_somebody_has_locked_is_left_and_taken_up_later():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no rows")
    rows = make_sign_ins(make_user(), 300, now=OLD)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE console_sessions_signin SET browser = 'x' WHERE id = %s", [rows[7].pk])
        begun = time.monotonic()
        result = sweep()
        assert time.monotonic() - begun < 5
        assert result.addresses["console_sessions_signin"] == 299
        assert result.faults == ["console_sessions_signin: 1 rows are locked by another transaction; the next sweep takes them"]
        with other.cursor() as cursor:
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert sweep().addresses["console_sessions_signin"] == 1
    rows[7].refresh_from_db()
    assert (rows[7].browser, rows[7].address) == ("x", None)


@committed
def test_nothing_stays_locked_between_two_batches():
    user = make_user()
    make_sign_ins(user, 3_000, now=OLD)
    seen = []

    def between(_rows):
        """What another process does between two batches: nothing of the sweep is locked then."""
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET lock_timeout = '100ms'")
                cursor.execute("UPDATE console_sessions_signin SET browser = 'y'")
                seen.append(cursor.rowcount)
        finally:
            other.close()

    sweep(on_batch=between)
    assert seen[0] == 3_000


# --- What the packages declare ---------------------------------------------------------------------------------------------
@db
def test_what_staff_looked_at_loses_its_texts_through_the_guards_of_its_table():
    account = make_account()
    about = {"kind": "accounts.account", "view": Look.View.PAGE, "thing": "Vega", "reason": "a reason", "now": OLD}
    record_looks(staff=make_user(is_staff=True), whose=[Customer(account=account.pk)], **about)
    limit = months_after(OLD, 36, operator().zone)
    assert sweep(now=limit).emptied["privacy_look"] == 0
    result = sweep(now=limit + timedelta(hours=1))
    assert (result.emptied["privacy_look"], result.faults) == (1, [])
    look = Look.objects.get()
    assert (look.thing, look.reason, look.account, look.emptied_at) == ("", "", account, limit + timedelta(hours=1))
