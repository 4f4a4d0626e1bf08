"""Two people, or two clicks, in the same moment, with real transactions on this run's kind of database."""

from datetime import UTC, datetime
from functools import partial

import pytest
from allauth.account.models import EmailAddress

from bonafide.accounts import change_company as step
from bonafide.accounts.change_company import FIELDS, change_company, stamp
from bonafide.accounts.change_email import ask_for_address, confirm_change
from bonafide.accounts.models import Account, AccountChange, User
from tests.accounts.test_member_races import at_once
from tests.factories.accounts import make_account, make_member, make_user

NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
ROUNDS = 10
pytestmark = pytest.mark.django_db(transaction=True)


def two_writers():
    """One account, and what each of two of its owners saves over the same page."""
    account = make_account()
    values = {name: getattr(account, name) for name in FIELDS}
    wishes = ({**values, "city": "Lyon"}, {**values, "purchase_order": "PO-1"})
    return account, [
        partial(change_company, account_id=account.pk, by=make_member(account=account), values=wish, seen=stamp(account), now=NOW)
        for wish in wishes
    ]


def kept(account):
    return Account.objects.filter(pk=account.pk).values_list("city", "purchase_order").get()


def test_of_two_who_save_at_once_one_is_told_and_neither_writes_over_the_other():
    for _ in range(ROUNDS):
        account, writers = two_writers()
        outcomes = at_once(*writers)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChangedMeanwhile", "list"]
        assert kept(account) in {("Lyon", ""), ("Paris", "PO-1")}
        assert AccountChange.objects.filter(account=account).count() == 1


def test_without_the_stamp_the_second_would_write_over_the_first(monkeypatch):
    """So the test above sees what the stamp guards."""
    monkeypatch.setattr(step, "stamp", lambda account: "always the same")
    account, writers = two_writers()
    for writer in writers:
        writer.keywords["seen"] = "always the same"
        writer()
    assert kept(account) == ("Paris", "PO-1")


def wants(email):
    user = make_member(email=f"{email.partition('@')[0]}@old.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user, ask_for_address(user=user, email=email, now=NOW).token


def test_a_link_confirmed_twice_at_once_counts_once():
    for n in range(ROUNDS):
        user, token = wants(f"vega{n}@new.example")
        outcomes = at_once(*[partial(confirm_change, token=token, now=NOW)] * 2)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Confirmed", "NoSuchChange"]
        assert list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)) == [f"vega{n}@new.example"]


def test_of_two_people_who_confirm_one_address_at_once_one_gets_it():
    for n in range(ROUNDS):
        email = f"shared{n}@new.example"
        (_one, first), (_other, second) = wants(email), wants_too(email, n)
        outcomes = at_once(*(partial(confirm_change, token=token, now=NOW) for token in (first, second)))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AddressTaken", "Confirmed"]
        assert User.objects.filter(email=email).count() == 1
        assert EmailAddress.objects.filter(email=email).count() == 1
        assert not User.objects.filter(email="").exists()


def wants_too(email, n):
    user = make_user(email=f"other{n}@old.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user, ask_for_address(user=user, email=email, now=NOW).token
