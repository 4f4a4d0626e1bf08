"""What two people press in the same moment, with real transactions on this run's kind of database."""

import threading
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection, transaction

from bonafide.accounts import change_members
from bonafide.accounts.accept_invitation import MemberOfIt, NoSuchInvitation, accept_invitation
from bonafide.accounts.api_keys import RevokedKey, check_key, make_key, revoke_key
from bonafide.accounts.change_members import change_role, remove_member
from bonafide.accounts.invite import invite
from bonafide.accounts.models import Membership
from bonafide.accounts.owners import LastOwner, hold_account
from tests.factories.accounts import make_account, make_member, make_user

NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
ROUNDS = 12
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run each in a thread of its own, all let go together; what each returned, or the exception it raised."""
    gate, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        try:
            gate.wait(timeout=20)
            outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def two_owners():
    account = make_account()
    return account, [Membership.objects.get(user=make_member(account=account), account=account) for _ in range(2)]


def leave(membership):
    return lambda: remove_member(membership=membership, revoke=(), by=membership.user, now=NOW)


def owners_left(account):
    return account.memberships.filter(role="owner").count()


def test_of_two_owners_who_leave_at_once_one_stays():
    for _ in range(ROUNDS):
        account, pair = two_owners()
        outcomes = at_once(*map(leave, pair))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastOwner", "int"]
        assert owners_left(account) == 1


def test_of_two_owners_who_demote_each_other_at_once_one_stays():
    for _ in range(ROUNDS):
        account, (one, other) = two_owners()
        at_once(
            lambda one=one, other=other: change_role(membership=one, role="viewer", by=other.user),
            lambda one=one, other=other: change_role(membership=other, role="viewer", by=one.user),
        )
        assert owners_left(account) == 1


def test_without_the_rule_both_would_be_gone(monkeypatch):
    monkeypatch.setattr(change_members, "keep_an_owner", lambda **given: None)
    account, pair = two_owners()
    at_once(*map(leave, pair))
    assert owners_left(account) == 0


def test_who_leaves_waits_for_whoever_holds_the_account():
    account, (one, other) = two_owners()
    order, begun = [], threading.Event()

    def go():
        begun.set()
        try:
            leave(one)()
        except LastOwner:
            order.append("refused")
        finally:
            connection.close()

    leaving = threading.Thread(target=go)
    with transaction.atomic():
        hold_account(account.pk)
        leaving.start()
        begun.wait(timeout=20)
        leaving.join(timeout=0.3)  # without the lock it would be through by now
        Membership.objects.filter(pk=other.pk).delete()
        order.append("deleted")
    leaving.join(timeout=40)
    assert order == ["deleted", "refused"]
    assert owners_left(account) == 1


def test_one_link_opened_by_two_people_at_once_lets_one_in():
    for _ in range(ROUNDS):
        owner = make_member()
        account = owner.accounts.get()
        token = invite(account=account, email=f"{owner.username}.friend@example.com", role="viewer", by=owner, now=NOW).token
        people = [make_user(), make_user()]
        outcomes = at_once(*(partial(accept_invitation, token=token, user=user, now=NOW) for user in people))
        assert {type(outcome) for outcome in outcomes} == {Membership, NoSuchInvitation}
        assert account.memberships.count() == 2


def test_one_person_who_accepts_twice_at_once_is_a_member_once():
    for _ in range(ROUNDS):
        owner, reader = make_member(), make_user()
        account = owner.accounts.get()
        token = invite(account=account, email=reader.email, role="viewer", by=owner, now=NOW).token
        outcomes = at_once(*[partial(accept_invitation, token=token, user=reader, now=NOW)] * 2)
        assert {type(outcome) for outcome in outcomes} == {Membership, MemberOfIt}
        assert reader.memberships.count() == 1


def test_a_key_that_is_in_use_while_it_is_revoked_is_dead_from_then_on():
    for _ in range(3):
        key, text = make_key(account=make_account(), name="agent", scopes=["usage:read"], expires_at=None, now=NOW)
        revoked, late = threading.Event(), []

        def use(text=text, revoked=revoked, late=late):
            for _ in range(40):
                known = revoked.is_set()
                try:
                    check_key(text=text, scope="usage:read", now=datetime.now(UTC))
                except RevokedKey:
                    return
                if known:
                    late.append("opened after it was revoked")

        def revoke(key=key, revoked=revoked):
            revoke_key(key=key, now=NOW)
            revoked.set()

        at_once(use, use, revoke)
        assert late == []
        key.refresh_from_db()
        assert key.revoked_at == NOW
