"""Invite somebody by letter. Nothing is looked up about the address: who invites learns nothing about who has a login."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, Invitation, Membership, User
from bonafide.accounts.owners import demand_owner, hold_account
from bonafide.errors import Refused

GOOD_FOR = timedelta(days=7)
DAY = timedelta(days=1)
# Letters with words of a customer's choosing (their names) go to whom that customer names: few enough to be of no use for spam.
A_DAY = 20
A_DAY_TO_ONE = 5  # counted over all accounts, so that nobody is pestered from many


class MemberAlready(Refused):
    """The address is a member's, which owners see anyway."""


class TooManyInvitations(Refused):
    """The day's letters are used up."""


@dataclass(frozen=True)
class Invited:
    """``token`` goes into the letter's link and is kept nowhere: 256 random bits, of which the row holds the SHA-256."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite(*, account: Account, email: str, role: str, by: User, now: datetime) -> Invited:
    """A new invitation, good for seven days. One that was open for this address ends: its link is dead from now on.

    :raises NotAnOwner: :raises MemberAlready: :raises TooManyInvitations: nothing is changed.
    """
    email = email.lower()
    hold_account(account.pk)
    demand_owner(account_id=account.pk, user=by)
    if Membership.objects.filter(account=account, user__email=email).exists():
        raise MemberAlready(_("%(email)s is the address of a member already.") % {"email": email})
    _keep_to_the_limits(account, email, now)
    Invitation.objects.filter(account=account, email=email, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=Membership.Role(role),
        digest=digest_of(token),
        invited_by=by,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    return Invited(invitation=invitation, token=token)


def withdraw(*, invitation: Invitation, now: datetime) -> None:
    """Its link is dead from now on; a second time, and one that was accepted meanwhile, changes nothing."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _keep_to_the_limits(account: Account, email: str, now: datetime) -> None:
    """Each invitation is a row and a letter, a renewed one too, so the rows of a day are its letters."""
    lately = Invitation.objects.filter(created_at__gt=now - DAY)
    if lately.filter(account=account).count() >= A_DAY:
        raise TooManyInvitations(
            _("%(count)d invitations were sent from this account within a day, which is the most. Please go on tomorrow.")
            % {"count": A_DAY}
        )
    if lately.filter(email=email).count() >= A_DAY_TO_ONE:
        raise TooManyInvitations(_("Several invitations went to this address today. Please go on tomorrow."))
