"""The link of an invitation: works once, for whoever opens it, as long as its sender is still an owner."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from bonafide.accounts.accept_invitation import (
    MemberOfIt,
    NoSuchInvitation,
    accept_invitation,
    find_invitation,
    leads_to_an_invitation,
)
from bonafide.accounts.invite import invite, withdraw
from bonafide.accounts.models import Invitation, Membership
from tests.factories.accounts import make_account, make_member, make_user

NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def owner(account):
    return make_member(account=account)


@pytest.fixture
def invited(account, owner):
    return invite(account=account, email="ana@example.com", role="billing", by=owner, now=NOW)


def accept(invited, user, now=NOW):
    return accept_invitation(token=invited.token, user=user, now=now)


def test_it_makes_its_reader_a_member_in_the_role_that_was_offered(invited, account):
    reader = make_user(email="another.address@example.com")
    membership = accept(invited, reader)
    assert (membership.user, membership.account, membership.role, membership.created_at) == (reader, account, "billing", NOW)
    assert Invitation.objects.get().accepted_at == NOW


def test_it_works_once(invited):
    accept(invited, make_user())
    with pytest.raises(NoSuchInvitation):
        accept(invited, make_user())
    assert Membership.objects.count() == 2


def close_account(invited):
    type(invited.invitation.account).objects.update(closed_at=NOW)


def expire(invited):
    Invitation.objects.update(expires_at=NOW)


def close_login_of_sender(invited):
    type(invited.invitation.invited_by).objects.update(is_active=False)


@pytest.mark.parametrize(
    "end",
    [
        expire,
        close_account,
        close_login_of_sender,
        lambda invited: withdraw(invitation=invited.invitation, now=NOW),
        lambda invited: Membership.objects.update(role="viewer"),
        lambda invited: Membership.objects.all().delete(),
        lambda invited: Invitation.objects.update(accepted_at=NOW),
    ],
    ids=["expired", "account closed", "sender closed", "withdrawn", "sender no owner", "sender no member", "used"],
)
def test_a_link_whose_reason_is_gone_opens_nothing(invited, end):
    find_invitation(token=invited.token, now=NOW)
    end(invited)
    with pytest.raises(NoSuchInvitation):
        find_invitation(token=invited.token, now=NOW)
    with pytest.raises(NoSuchInvitation):
        accept(invited, make_user())


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000, "\udc80", "%00"])
def test_a_token_that_nobody_was_given_opens_nothing(token):
    with pytest.raises(NoSuchInvitation):
        find_invitation(token=token, now=NOW)


def test_who_is_a_member_already_keeps_their_role_and_leaves_the_link_to_its_reader(invited, owner):
    with pytest.raises(MemberOfIt):
        accept(invited, owner)
    assert owner.memberships.get().role == "owner"
    assert Invitation.objects.open(now=NOW).exists()


def test_pressing_twice_says_that_one_is_a_member(invited):
    reader = make_user()
    accept(invited, reader)
    with pytest.raises(MemberOfIt) as told:
        accept(invited, reader)
    assert told.value.membership.role == "billing"


def test_an_address_of_ours_is_known_to_lead_to_an_open_invitation_or_not(invited):
    link = reverse("invitation", args=[invited.token])
    assert leads_to_an_invitation(path=link, now=NOW)
    assert not leads_to_an_invitation(path=link, now=NOW + timedelta(days=8))
    for path in (reverse("invitation", args=["nonsense"]), "/bills", "nonsense", "//evil.example/x", "", None):
        assert not leads_to_an_invitation(path=path, now=NOW)
