"""The law's floors become holds once an account is closed, by themselves, for as long as the operator's file says."""

from datetime import UTC, datetime, timedelta

import pytest

from bonafide.accounts.models import Account, Membership
from bonafide.holdings import Kind
from bonafide.operator_privacy import FLOORS, Floor
from bonafide.periods import months_after
from bonafide.privacy.holds import holds_in_force, holds_on
from bonafide.privacy.models import Hold
from bonafide.privacy.statutory import begin_statutory_holds
from bonafide.privacy.sweep_rows import sweep_rows
from bonafide.sessions.models import SignIn
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.history import make_sign_ins

pytestmark = pytest.mark.django_db
CLOSED = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)  # in Paris it is 1 March
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


def begin(now=NOW, floors=FLOORS):
    return begin_statutory_holds(operator=operator(retention={"floors": floors}), now=now)


def test_a_closed_account_and_its_people_are_held_by_each_floor_until_the_anniversary():
    account = make_account(closed_at=CLOSED)
    person = make_member(account=account)
    assert begin() == 6, "three floors after the end; bills count from their issue"
    zone = operator().zone
    found = {(hold.floor, hold.person_id): hold for hold in Hold.objects.all()}
    assert set(found) == {(kind, who) for kind in ("identity", "sign_up", "payment") for who in (None, person.pk)}
    identity = found["identity", None]
    assert (identity.begins_at, identity.until) == (CLOSED, months_after(CLOSED, 60, zone))
    assert identity.until.astimezone(zone).isoformat() == "2031-03-01T00:30:00+01:00"
    assert (identity.basis, identity.kinds, identity.origin) == ("décret n° 2021-1362, art. 2", ["identity"], "floor")
    assert holds_in_force(NOW) == {Kind.IDENTITY: 2, Kind.SIGN_UP: 2, Kind.PAYMENT: 2}
    assert [hold.floor for hold in holds_on(person=person.pk, kinds=[Kind.IDENTITY], now=NOW)] == ["identity"]
    assert holds_on(account=account.pk, kinds=[Kind.SIGN_UP], now=found["sign_up", None].until) == []


def test_a_second_time_changes_nothing_and_asks_no_more_for_many(django_assert_max_num_queries):
    for _ in range(7):
        make_member(account=make_account(closed_at=CLOSED))
    assert begin() == 42
    with django_assert_max_num_queries(12):
        assert begin(NOW + timedelta(hours=1)) == 0
    assert Hold.objects.count() == 42


def test_open_accounts_people_of_one_and_what_would_be_over_are_left_out():
    make_member()
    busy = make_member(account=make_account(closed_at=CLOSED))
    Membership.objects.create(user=busy, account=make_account(), role="viewer", created_at=NOW)
    make_member(account=make_account(closed_at=datetime(2021, 11, 25, 9, tzinfo=UTC)))  # sixty months and an hour ago
    begin()
    assert not Hold.objects.filter(person=busy).exists()
    assert Hold.objects.count() == 3


def test_an_account_that_is_opened_again_loses_its_holds_and_gets_new_ones_when_it_closes():
    account = make_account(closed_at=CLOSED)
    person = make_member(account=account)
    begin()
    Account.objects.update(closed_at=None)
    begin(NOW + timedelta(hours=1))
    assert holds_in_force(NOW + timedelta(hours=2)) == {}
    again = NOW + timedelta(days=3)
    Account.objects.update(closed_at=again)
    assert begin(again) == 6
    assert {hold.begins_at for hold in holds_on(person=person.pk, now=again)} == {again}


def test_a_person_who_joins_an_open_account_is_held_no_longer():
    person = make_member(account=make_account(closed_at=CLOSED))
    begin()
    Membership.objects.create(user=person, account=make_account(), role="viewer", created_at=NOW)
    begin(NOW + timedelta(hours=1))
    assert holds_on(person=person.pk, now=NOW + timedelta(hours=2)) == []
    assert holds_in_force(NOW + timedelta(hours=2))[Kind.IDENTITY] == 1, "the account still is"


def test_when_the_law_changes_the_holds_do():
    account = make_account(closed_at=CLOSED)
    begin()
    shorter = (Floor(data="identity", months=36, after="end", basis="another decree"),)
    assert begin(NOW + timedelta(hours=1), shorter) == 1
    (hold,) = holds_on(account=account.pk, now=NOW + timedelta(hours=2))
    assert (hold.basis, hold.until) == ("another decree", months_after(CLOSED, 36, operator().zone))


def test_the_sweep_begins_them_before_it_takes_anything():
    floors = (Floor(data="addresses", months=12, after="end", basis="a decree on addresses"),)
    gone, here = make_member(account=make_account(closed_at=CLOSED)), make_member()
    for user in (gone, here):
        make_sign_ins(user, 2, now=NOW - timedelta(days=500))
    settings = operator(retention={"floors": floors, "history_months": 36})
    sweep_rows(operator=settings, now=NOW)
    assert list(SignIn.objects.filter(address__isnull=False).values_list("user", flat=True)) == [gone.pk, gone.pk]
    end = months_after(CLOSED, 12, settings.zone)
    sweep_rows(operator=settings, now=end - timedelta(seconds=1))
    assert SignIn.objects.filter(address__isnull=False).count() == 2
    sweep_rows(operator=settings, now=end)
    assert not SignIn.objects.filter(address__isnull=False).exists()
