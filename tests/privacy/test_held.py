"""What we hold about somebody: counted as it is, for them and for the accounts they answer for, in as many queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from bonafide.accounts.models import AccountChange
from bonafide.holdings import Kind
from bonafide.periods import months_after
from bonafide.privacy.held import held_about, uncounted
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice, operator
from tests.factories.history import make_row, make_sign_ins

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()


def of(user, **sections):
    return {(held.where, held.what): held for held in held_about(user=user, operator=operator(**sections), today=TODAY)}


def one(user, where, kind, **sections):
    [found] = [held for held in of(user, **sections).values() if held.where == where and held.kind == kind]
    return found


def test_it_counts_what_there_is_and_knows_the_oldest_and_its_end():
    user = make_user()
    make_sign_ins(user, 3, now=NOW)
    make_sign_ins(user, 1, now=NOW - timedelta(days=100), address=None)
    make_sign_ins(make_user(), 7, now=NOW - timedelta(days=200))
    oldest = NOW - timedelta(days=100)
    history, addresses = one(user, "sign-ins", Kind.HISTORIES), one(user, "sign-ins", Kind.ADDRESSES)
    assert (history.rows, history.oldest) == (4, oldest)
    assert history.gone == months_after(oldest, 12, operator().zone)
    assert (addresses.rows, addresses.oldest) == (3, NOW - timedelta(minutes=2))
    shorter = one(user, "sign-ins", Kind.ADDRESSES, retention={"ip_months": 3})
    assert shorter.gone == months_after(NOW - timedelta(minutes=2), 3, operator().zone)
    assert shorter.end == "erased after 3 months"


@pytest.mark.parametrize(("role", "counted"), [("owner", True), ("billing", True), ("viewer", False)])
def test_of_an_account_those_who_answer_for_it_see_what_there_is(role, counted):
    account = make_account()
    make_invoice(account=account)
    make_invoice()
    user = make_member(account=account, role=role)
    seen = of(user)
    assert (("bills", "bills: to whom, for what, how much") in seen) is counted
    if counted:
        bills = one(user, "daily sums of usage", Kind.USAGE)
        assert bills.rows == 1
        assert bills.oldest.date().isoformat() == "2024-09-15"
        assert bills.gone is None
        assert {held.rows for held in seen.values() if held.where == "bills"} == {1}


def test_nobody_is_shown_what_is_held_of_others():
    make_sign_ins(make_user(), 2, now=NOW)
    make_invoice()
    assert {held.where for held in of(make_user()).values()} == {"logins"}


def test_it_takes_as_many_queries_for_everybody(django_assert_num_queries):
    account = make_account()
    user = make_member(account=account)
    with django_assert_num_queries(2):
        held_about(user=user, operator=operator(), today=TODAY)
    make_invoice(account=account)
    make_sign_ins(user, 50, now=NOW)
    AccountChange.objects.create(account=account, by=user, at=NOW, fields=["name"])
    with django_assert_num_queries(2):
        held_about(user=user, operator=operator(), today=TODAY)


def test_what_is_not_counted_is_named():
    said = {row.what: row.end for row in uncounted(operator=operator())}
    assert said["single events of usage, as they were sent: when, how much, of which resource"] == "deleted after 36 months"
    assert "deleted after 90 days" in said.values()
    assert not any("staff" in what and "group" in what for what in said)


def page(user):
    client = Client()
    client.force_login(user)
    return " ".join(client.get("/settings/privacy").content.decode().split())


def test_the_page_says_how_old_the_oldest_address_is_and_when_it_goes():
    user = make_user()
    seen = timezone.now() - timedelta(days=40)
    make_row(user, now=seen, created_at=seen, last_seen_at=seen, address_seen_at=seen)
    said = page(user)
    assert "What we hold about you" in said
    assert "40 days old" in said
    assert "The last IP address of each session" in said


def test_without_an_address_it_says_so():
    assert "we hold no IP address of you" in page(make_user())
