"""A legal hold keeps what it names, of whom it names, until its day, and nothing else for a moment longer."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide.accounts.models import Membership
from bonafide.holdings import Kind
from bonafide.periods import months_after
from bonafide.privacy import triggers
from bonafide.privacy.begin_hold import CannotHold, lift_holds
from bonafide.privacy.holds import holds_in_force, holds_on
from bonafide.privacy.log_files import sweep_logs
from bonafide.privacy.models import Hold, SweepRun
from bonafide.privacy.sweep import sweep_old_logs
from bonafide.privacy.sweep_rows import due_rows, held_rows, sweep_rows
from bonafide.privacy.sweep_runs import last_sweep
from bonafide.sessions.models import SignIn
from bonafide.terms.checks.logs import addresses_are_erased
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import operator
from tests.factories.history import make_rows, make_sign_ins
from tests.factories.privacy import make_hold

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
TABLE = "console_sessions_signin"


def swept(now=NOW, **retention):
    return sweep_rows(operator=operator(retention={"history_months": 36} | retention), now=now)


def addresses(user):
    return SignIn.objects.filter(user=user, address__isnull=False).count()


# --- What it keeps --------------------------------------------------------------------------------------------------------
def test_a_year_of_sign_ins_of_whom_a_hold_names_stays_and_of_whom_it_does_not_goes():
    named, other = make_member(), make_member()
    for user in (named, other):
        for days in range(0, 800, 40):
            make_sign_ins(user, 1, now=NOW - timedelta(days=days))
    make_hold(Kind.ADDRESSES, person=named, now=NOW)
    result = swept()
    assert (addresses(named), addresses(other)) == (20, 10)
    assert (result.addresses[TABLE], result.held[TABLE]) == (10, 10)
    run = last_sweep(SweepRun.Kind.ROWS)
    assert run.counts[TABLE] == {"erased": 10, "deleted": 0, "held": 10}
    assert run.cutoffs["retention.ip_months"] == "2025-11-25T10:00:00Z"
    assert held_rows(operator=operator(retention={"history_months": 36}), now=NOW) == {TABLE: 10}


def test_a_hold_on_another_kind_keeps_no_address():
    user = make_member()
    make_sign_ins(user, 2, now=OLD)
    make_hold(Kind.LETTERS, Kind.LOGS, person=user, now=NOW)
    assert swept().held == {}
    assert addresses(user) == 0


def test_a_hold_on_addresses_keeps_the_row_that_has_one_and_no_row_without():
    user = make_member()
    make_sign_ins(user, 2, now=OLD)
    make_sign_ins(user, 3, now=OLD, address=None)
    make_hold(Kind.ADDRESSES, person=user, now=NOW)
    result = swept(history_months=12)
    assert (SignIn.objects.count(), addresses(user)) == (2, 2)
    assert (result.deleted[TABLE], result.held[TABLE]) == (3, 2)


def test_a_hold_on_histories_keeps_the_row_and_not_its_address():
    user = make_member()
    make_sign_ins(user, 2, now=OLD)
    make_hold(Kind.HISTORIES, person=user, now=NOW)
    swept(history_months=12)
    assert (SignIn.objects.count(), addresses(user)) == (2, 0)


def test_an_order_on_an_account_holds_its_members_those_who_leave_and_those_who_come():
    account = make_account()
    stays, leaves, comes, stranger = make_member(account=account), make_member(account=account), make_user(), make_member()
    make_hold(Kind.ADDRESSES, account=account, now=NOW)
    Membership.objects.filter(user=leaves).delete()
    Membership.objects.create(user=comes, account=account, role="viewer", created_at=NOW)
    for user in (stays, leaves, comes, stranger):
        make_sign_ins(user, 1, now=OLD)
    swept()
    assert [addresses(user) for user in (stays, leaves, comes, stranger)] == [1, 1, 1, 0]


def test_an_order_on_one_person_in_an_account_holds_no_other_member():
    account = make_account()
    named, colleague = make_member(account=account), make_member(account=account)
    make_hold(Kind.ADDRESSES, account=account, person=named, now=NOW)
    make_sign_ins(named, 1, now=OLD)
    make_sign_ins(colleague, 1, now=OLD)
    swept()
    assert (addresses(named), addresses(colleague)) == (1, 0)


# --- When it ends ---------------------------------------------------------------------------------------------------------
def test_once_it_is_over_the_very_next_sweep_takes_the_rows():
    user = make_member()
    make_sign_ins(user, 3, now=OLD)
    hold = make_hold(Kind.ADDRESSES, person=user, now=NOW, days=30)
    swept(hold.until - timedelta(microseconds=1))
    assert addresses(user) == 3
    swept(hold.until)
    assert addresses(user) == 0


def test_once_it_is_lifted_too_and_it_is_lifted_once():
    user, staff = make_member(), make_user(is_staff=True)
    make_sign_ins(user, 3, now=OLD)
    hold = make_hold(Kind.ADDRESSES, person=user, now=NOW)
    assert lift_holds(holds=[hold.pk], staff=staff, now=NOW + timedelta(hours=1)) == 1
    assert lift_holds(holds=[hold.pk], staff=staff, now=NOW + timedelta(hours=2)) == 0
    swept(NOW + timedelta(hours=1))
    assert addresses(user) == 0
    hold.refresh_from_db()
    assert (hold.lifted_at, hold.lifted_by) == (NOW + timedelta(hours=1), staff)


def test_a_promise_that_addresses_go_is_kept_while_a_hold_keeps_some_and_not_afterwards():
    user = make_member()
    make_sign_ins(user, 1, now=OLD)
    hold = make_hold(Kind.ADDRESSES, person=user, now=NOW, days=30)
    assert addresses_are_erased(operator(), NOW).fault == ""
    assert "days old" in addresses_are_erased(operator(), hold.until).fault


def test_a_hold_costs_the_sweep_three_queries_however_many_there_are(django_assert_max_num_queries):
    people = [make_member() for _ in range(8)]
    for user in people:
        make_sign_ins(user, 2, now=OLD)
        make_rows(user, 1, now=OLD)
    with django_assert_max_num_queries(60):
        swept()
    for user in people:
        make_sign_ins(user, 2, now=OLD)
        make_hold(Kind.ADDRESSES, account=user.accounts.get(), now=NOW)
    with django_assert_max_num_queries(60):
        assert swept().held[TABLE] == 16
    assert due_rows(operator=operator(retention={"history_months": 36}), now=NOW) == {}


# --- Logs -----------------------------------------------------------------------------------------------------------------
def line(at, by):
    fields = {"at": at, "method": "GET", "route": "usage", "status": 200, "ms": 3, "ip": "192.0.2.7", "by": by}
    return json.dumps(fields, separators=(",", ":"))


def test_lines_of_our_access_log_stay_by_whose_login_they_were(settings, tmp_path, monkeypatch):
    named, other = make_member(), make_member()
    make_hold(Kind.LOGS, account=named.accounts.get(), now=NOW)
    old = "2026-01-05T10:00:00.000000Z"
    file = tmp_path / "access-2026-01-05.jsonl"
    theirs = f'{{"time":"2026-01-05T10:00:00Z","by":{named.pk}}}'
    file.write_text("\n".join([line(old, named.pk), line(old, other.pk), line(old, 0), theirs, line("2026-11-25T09:00:00Z", 0)]))
    monkeypatch.setattr("bonafide.privacy.sweep.log_folders", lambda operator: [tmp_path])
    result = sweep_old_logs(operator=operator(), now=NOW)
    assert file.read_text().split("\n") == [line(old, named.pk), line("2026-11-25T09:00:00Z", 0)]
    assert (result.held, result.lines_deleted) == (1, 3)
    assert result.oldest == datetime(2026, 11, 25, 9, tzinfo=UTC), "what is held makes no log late"
    assert last_sweep(SweepRun.Kind.LOGS).counts["logs"] == {"files": 1, "lines_deleted": 3, "files_deleted": 0, "held": 1}
    assert sweep_logs(folders=[tmp_path], cutoff=NOW - timedelta(days=90)).lines_deleted == 1, "without the hold it would go"


# --- Who asks -------------------------------------------------------------------------------------------------------------
def test_whoever_erases_somebody_is_told_what_is_held():
    account = make_account()
    owner, stranger = make_member(account=account), make_member()
    on_person = make_hold(Kind.LETTERS, person=owner, now=NOW, days=10)
    on_account = make_hold(Kind.BILLS, Kind.LETTERS, account=account, now=NOW, days=20)
    assert holds_on(person=owner.pk, now=NOW) == [on_person, on_account]
    assert holds_on(account=account.pk, now=NOW) == [on_account]
    assert holds_on(person=owner.pk, kinds=[Kind.BILLS], now=NOW) == [on_account]
    assert holds_on(person=owner.pk, kinds=[Kind.USAGE], now=NOW) == []
    assert holds_on(person=stranger.pk, account=stranger.accounts.get().pk, now=NOW) == []
    assert holds_on(person=owner.pk, now=on_account.until) == []
    Membership.objects.filter(user=owner).delete()
    assert holds_on(person=owner.pk, kinds=[Kind.BILLS], now=NOW) == [on_account], "who was a member when it began"


def test_holds_are_counted_by_what_they_keep():
    assert holds_in_force(NOW) == {}
    make_hold(Kind.LETTERS, Kind.LOGS, person=make_member(), now=NOW, days=10)
    make_hold(Kind.LOGS, person=make_member(), now=NOW, days=20)
    assert holds_in_force(NOW) == {Kind.LOGS: 2, Kind.LETTERS: 1}
    assert holds_in_force(NOW + timedelta(days=10)) == {Kind.LOGS: 1}


# --- What is refused ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"person": None}, "whose data"),
        ({"basis": "  "}, "which law"),
        ({"kinds": []}, "what is kept"),
        ({"until": NOW}, "36 months"),
        ({"until": months_after(NOW, 36, operator().zone) + timedelta(hours=1)}, "36 months"),
        ({"secret_until": date(2027, 1, 1)}, "both or neither"),
        ({"secret_basis": "art. 11"}, "both or neither"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_with_what_is_missing(values, said):
    values = {"person": make_member(), "now": NOW, **values}
    kinds = values.pop("kinds", [Kind.LOGS])
    with pytest.raises(CannotHold, match=said):
        make_hold(*kinds, **values)


def refused(act, match="never rewritten"):
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        act()


@pytest.mark.parametrize(
    "change",
    [
        {"until": NOW + timedelta(days=900)},
        {"until": NOW + timedelta(days=1)},
        {"kinds": ["logs", "bills"]},
        {"basis": "another"},
        {"person": 1},
        {"members": [1]},
        {"lifted_at": NOW, "kinds": ["logs", "bills"]},
        {"secret_until": date(2027, 1, 1), "secret_basis": "invented"},
        {"basis": "", "reference": "", "emptied_at": NOW + timedelta(days=1)},  # it is in force
    ],
)
def test_the_database_keeps_a_hold_as_it_was_entered(change):
    hold = make_hold(Kind.LOGS, person=make_member(), now=NOW)
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(**change))
    refused(lambda: Hold.objects.filter(pk=hold.pk).delete())
    with connection.cursor() as cursor:
        for statement in triggers.remove_records(connection.vendor):
            cursor.execute(statement)
    assert Hold.objects.filter(pk=hold.pk).update(until=NOW + timedelta(days=900)) == 1, "only the guards refuse it"


def test_a_lifted_hold_is_not_taken_up_again():
    hold = make_hold(Kind.LOGS, person=make_member(), now=NOW)
    lift_holds(holds=[hold.pk], staff=hold.approved_by, now=NOW)
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(lifted_at=None, lifted_by=None))
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(lifted_at=NOW + timedelta(days=9)))


def test_the_database_refuses_an_order_for_longer_than_three_years():
    hold = make_hold(Kind.LOGS, person=make_member(), now=NOW)
    hold.pk, hold.until = None, NOW + timedelta(days=1100)
    refused(lambda: hold.save(force_insert=True), "36 months")


def test_its_texts_go_once_the_record_is_old_and_that_it_was_stays():
    hold = make_hold(Kind.LOGS, person=make_member(), now=NOW, secret_until=date(2027, 1, 1), secret_basis="art. 11")
    assert (hold.is_secret(date(2027, 1, 1)), hold.is_secret(date(2027, 1, 2))) == (True, False)
    gone = months_after(hold.until, 36, operator().zone)
    swept(gone)
    hold.refresh_from_db()
    assert hold.basis
    result = swept(gone + timedelta(seconds=1))
    hold.refresh_from_db()
    assert (hold.basis, hold.reference, hold.secret_basis, hold.kinds) == ("", "", "", ["logs"])
    assert result.emptied["privacy_hold"] == 1
    assert swept(gone + timedelta(seconds=2)).emptied["privacy_hold"] == 0
