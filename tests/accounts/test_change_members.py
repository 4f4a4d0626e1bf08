"""Roles and removals: who may, what ends, and that an account keeps an owner."""

from datetime import UTC, datetime

import pytest

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.change_members import change_role, remove_member
from bonafide.accounts.models import Membership
from bonafide.accounts.owners import LastOwner, NotAnOwner
from tests.factories.accounts import make_account, make_member

NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def owner(account):
    return make_member(account=account)


def of(user, account):
    return Membership.objects.get(user=user, account=account)


def roles(account):
    return sorted(account.memberships.values_list("role", flat=True))


def remove(membership, by, revoke=()):
    return remove_member(membership=membership, revoke=revoke, by=by, now=NOW)


def test_an_owner_changes_a_role(account, owner):
    viewer = make_member(account=account, role="viewer")
    change_role(membership=of(viewer, account), role="billing", by=owner)
    assert of(viewer, account).role == "billing"


def test_the_last_owner_is_neither_demoted_nor_removed_and_cannot_leave(account, owner):
    make_member(account=account, role="billing")
    make_member(account=account, is_active=False)  # an owner who cannot sign in is of no use to the account
    for attempt in (
        lambda: change_role(membership=of(owner, account), role="viewer", by=owner),
        lambda: remove(of(owner, account), owner),
    ):
        with pytest.raises(LastOwner):
            attempt()
    assert of(owner, account).role == "owner"


def test_the_last_owner_may_go_once_there_is_another(account, owner):
    other = make_member(account=account, role="viewer")
    change_role(membership=of(other, account), role="owner", by=owner)
    remove(of(owner, account), owner)
    assert roles(account) == ["owner"]


def test_the_last_owner_keeping_the_role_is_no_change(account, owner):
    change_role(membership=of(owner, account), role="owner", by=owner)
    assert roles(account) == ["owner"]


@pytest.mark.parametrize("role", ["viewer", "billing"])
def test_asvs_8_2_1_only_an_owner_of_this_account_changes_or_removes(account, owner, role):
    """The step asks again under its lock: the page may have been opened by somebody who was an owner then."""
    target = make_member(account=account, role="viewer")
    for other in (make_member(account=account, role=role), make_member()):
        with pytest.raises(NotAnOwner):
            change_role(membership=of(target, account), role="owner", by=other)
        with pytest.raises(NotAnOwner):
            remove(of(target, account), other)
    assert of(target, account).role == "viewer"


def test_everybody_may_leave_and_only_this_membership_ends(account, owner):
    viewer = make_member(account=account, role="viewer")
    elsewhere = make_account()
    Membership.objects.create(user=viewer, account=elsewhere, role="owner", created_at=NOW)
    remove(of(viewer, account), viewer)
    assert list(viewer.memberships.values_list("account", flat=True)) == [elsewhere.pk]
    viewer.refresh_from_db()
    assert viewer.is_active


def test_a_role_that_does_not_exist_changes_nothing(account, owner):
    viewer = make_member(account=account, role="viewer")
    with pytest.raises(ValueError, match="emperor"):
        change_role(membership=of(viewer, account), role="emperor", by=owner)
    assert of(viewer, account).role == "viewer"


def test_a_second_press_finds_nothing_to_do(account, owner):
    membership = of(make_member(account=account, role="viewer"), account)
    remove(membership, owner)
    assert remove(membership, owner) == 0
    change_role(membership=membership, role="owner", by=owner)
    assert roles(account) == ["owner"]


def test_the_named_keys_that_the_member_made_go_with_them_and_no_others(account, owner):
    leaver = make_member(account=account)

    def key(by, of_account=account):
        return make_key(account=of_account, name="agent", scopes=["usage:read"], expires_at=None, now=NOW, made_by=by)[0]

    gone, kept, anothers, elsewhere = key(leaver), key(leaver), key(owner), key(leaver, make_account())
    assert remove(of(leaver, account), owner, revoke=[gone.pk, anothers.pk, elsewhere.pk, 999_999]) == 1
    for one, revoked in ((gone, NOW), (kept, None), (anothers, None), (elsewhere, None)):
        one.refresh_from_db()
        assert one.revoked_at == revoked
