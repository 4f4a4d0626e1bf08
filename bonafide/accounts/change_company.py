"""Change who is billed, and where the bills go. Bills that were issued keep what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, AccountChange, Membership, User
from bonafide.accounts.owners import hold_account
from bonafide.errors import Refused

FIELDS = (
    "kind", "name", "street", "postcode", "city", "country", "registration", "vat_number", "billing_email", "language",
    "purchase_order",
)  # fmt: skip
MAY_CHANGE = frozenset({Membership.Role.OWNER, Membership.Role.BILLING})


class MayNotChange(Refused):
    """Whoever asks is neither an owner nor looks after the bills, or no longer."""


class ChangedMeanwhile(Refused):
    """Somebody else changed it after the page was made. ``account`` is as it is now, ``change`` the last one of others."""

    def __init__(self, account: Account, change: AccountChange | None) -> None:
        super().__init__(_("Somebody changed this while you did. Nothing of yours is saved yet."))
        self.account = account
        self.change = change


def stamp(account: Account) -> str:
    """What a page was made from; another stamp says that something changed since."""
    return sha256("\0".join(str(getattr(account, name)) for name in FIELDS).encode()).hexdigest()[:32]


@transaction.atomic
def change_company(*, account_id: int, by: User, values: Mapping[str, str], seen: str, now: datetime) -> list[str]:
    """Keep ``values`` (one for each of ``FIELDS``, checked by the form), and who changed which of them.

    :param seen: the stamp of the account that the values were written over.
    :return: the names of the fields that are different now; saving what stands there already changes nothing.
    :raises MayNotChange: :raises ChangedMeanwhile: nothing is changed.
    """
    hold_account(account_id)
    if not Membership.objects.filter(account=account_id, user=by, role__in=MAY_CHANGE).exists():
        raise MayNotChange(_("Only owners, and who looks after the bills, can change this."))
    account = Account.objects.get(pk=account_id)
    changed = [name for name in FIELDS if getattr(account, name) != values[name]]
    if not changed:
        return []
    if stamp(account) != seen:
        raise ChangedMeanwhile(account, account.changes.select_related("by").order_by("-pk").first())
    for name in changed:
        setattr(account, name, values[name])
    account.save(update_fields=changed)
    AccountChange.objects.create(account=account, by=by, at=now, fields=changed)
    return changed
