"""What every change to who may do what begins with: the account is held, and an owner who asks is still one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, Membership
from bonafide.errors import Refused


class NotAnOwner(Refused):
    """Whoever asks is no owner of the account, or no longer."""


class LastOwner(Refused):
    """Without this person the account would have no owner."""


def hold_account(account_id: int) -> None:
    """Whoever else changes members, invitations or keys of this account waits until this transaction ends.

    PostgreSQL locks the row, not against rows that point at it (bills go on); on SQLite the transaction is the lock.
    """
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=account_id)


def demand_owner(*, account_id: int, user: Any) -> None:
    """Call it with the account held: the page was opened before, and much may have changed since.

    :raises NotAnOwner:
    """
    if not Membership.objects.owners().filter(account_id=account_id, user=user).exists():
        raise NotAnOwner(_("Only an owner of the account can do this."))


def keep_an_owner(*, account_id: int, without: Collection[int]) -> None:
    """Call it with the account held. Owners whose login is closed do not count: they could do nothing for the account.

    :param without: ids of the people who are about to be owners no longer.
    :raises LastOwner:
    """
    if not Membership.objects.owners().filter(account_id=account_id).exclude(user__in=without).exists():
        raise LastOwner(_("An account keeps at least one owner. Make somebody else an owner first."))


def is_last_owner(*, user: Any) -> bool:
    """Whether some open account has this person as its only owner."""
    others = Membership.objects.owners().filter(account=OuterRef("account")).exclude(user=user)
    mine = Membership.objects.owners().filter(user=user, account__closed_at=None)
    return mine.exclude(Exists(others)).exists()
