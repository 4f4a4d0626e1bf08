"""Change what a member may do, and take members out. Both hold from the member's very next request on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bonafide.accounts.models import ApiKey, Membership, User
from bonafide.accounts.owners import demand_owner, hold_account, keep_an_owner


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: User) -> None:
    """Give a member another role; the one they have changes nothing, and so does one of a member who is gone.

    :raises NotAnOwner: :raises LastOwner: nothing is changed.
    """
    hold_account(membership.account_id)
    demand_owner(account_id=membership.account_id, user=by)
    if role != Membership.Role.OWNER and _is_owner(membership):
        keep_an_owner(account_id=membership.account_id, without=[membership.user_id])
    Membership.objects.filter(pk=membership.pk).update(role=Membership.Role(role))


@transaction.atomic
def remove_member(*, membership: Membership, revoke: Sequence[int], by: User, now: datetime) -> int:
    """Take somebody out of the account, themselves included, and revoke those of the keys they made that are named.

    Only the membership ends: the person keeps their login, their sessions and their other accounts. A second time changes
    nothing.

    :param revoke: ids of keys; what is not a key of this account made by this person is passed over.
    :return: how many keys were revoked.
    :raises NotAnOwner: when somebody else asks who is no owner.
    :raises LastOwner: nothing is changed.
    """
    hold_account(membership.account_id)
    if by.pk != membership.user_id:
        demand_owner(account_id=membership.account_id, user=by)
    if _is_owner(membership):
        keep_an_owner(account_id=membership.account_id, without=[membership.user_id])
    Membership.objects.filter(pk=membership.pk).delete()
    keys = ApiKey.objects.filter(account_id=membership.account_id, made_by_id=membership.user_id, pk__in=revoke, revoked_at=None)
    return keys.update(revoked_at=now)


def _is_owner(membership: Membership) -> bool:
    """As it is now, not as it was when the page was opened."""
    return Membership.objects.filter(pk=membership.pk, role=Membership.Role.OWNER).exists()
