"""Invitations: who may send them, how many, and that they tell nothing."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError

from bonafide.accounts import invite as step
from bonafide.accounts.invite import Invited, MemberAlready, TooManyInvitations, invite, withdraw
from bonafide.accounts.models import Invitation
from bonafide.accounts.owners import NotAnOwner
from tests.factories.accounts import make_account, make_member, make_user

NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def owner(account):
    return make_member(account=account)


def send(account, owner, email="ana@example.com", role="viewer", now=NOW) -> Invited:
    return invite(account=account, email=email, role=role, by=owner, now=now)


def test_it_is_good_for_seven_days_and_only_the_digest_of_its_token_is_kept(account, owner):
    invited = send(account, owner, "Ana@Example.com")
    row = Invitation.objects.values().get()
    assert row["email"] == "ana@example.com"
    assert row["expires_at"] - row["created_at"] == timedelta(days=7)
    assert row["digest"] == sha256(invited.token.encode()).hexdigest()
    assert len(invited.token) == 43
    assert invited.token not in str(row)


def test_only_an_owner_invites(account, owner):
    for other in (make_member(account=account, role="viewer"), make_member(account=account, role="billing"), make_member()):
        with pytest.raises(NotAnOwner):
            send(account, other)
    assert not Invitation.objects.exists()


def test_inviting_again_renews_the_one_that_is_open(account, owner):
    first = send(account, owner)
    second = send(account, owner, role="billing", now=NOW + timedelta(hours=1))
    assert first.token != second.token
    assert [found.pk for found in Invitation.objects.open(now=NOW + timedelta(hours=2))] == [second.invitation.pk]


def test_the_database_itself_keeps_one_open_invitation_an_address(account, owner):
    send(account, owner)
    with pytest.raises(IntegrityError):
        Invitation.objects.create(
            account=account, email="ana@example.com", role="viewer", digest="0" * 64, created_at=NOW, expires_at=NOW
        )


def test_a_member_is_not_invited_again(account, owner):
    make_member(account=account, role="viewer", email="ana@example.com")
    with pytest.raises(MemberAlready):
        send(account, owner, "ANA@example.com")


def test_whether_an_address_has_a_login_changes_nothing(account, owner):
    make_user(email="ana@example.com")
    known, unknown = send(account, owner, "ana@example.com").invitation, send(account, owner, "nobody@example.com").invitation
    assert (known.role, known.expires_at, known.withdrawn_at) == (unknown.role, unknown.expires_at, unknown.withdrawn_at)


def test_a_withdrawn_one_is_not_open_and_withdrawing_twice_keeps_the_first_time(account, owner):
    invitation = send(account, owner).invitation
    withdraw(invitation=invitation, now=NOW)
    withdraw(invitation=invitation, now=NOW + timedelta(days=1))
    invitation.refresh_from_db()
    assert invitation.withdrawn_at == NOW
    assert not Invitation.objects.open(now=NOW).exists()


def test_an_account_sends_so_many_a_day_and_no_more(account, owner):
    for number in range(step.A_DAY):
        send(account, owner, f"person{number}@elsewhere.example")
    with pytest.raises(TooManyInvitations, match="20 invitations"):
        send(account, owner)
    other = make_member(account=make_account())
    send(other.accounts.get(), other)
    send(account, owner, now=NOW + timedelta(days=1))


def test_one_address_gets_so_many_a_day_from_all_accounts_together(account, owner):
    for _ in range(step.A_DAY_TO_ONE):
        send(account, owner)
    other = make_member(account=make_account())
    with pytest.raises(TooManyInvitations, match="to this address"):
        send(other.accounts.get(), other, "ANA@example.com")
