"""Become a member through the link of a letter."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import Resolver404, resolve

from bonafide.accounts.invite import digest_of
from bonafide.accounts.models import Invitation, Membership, User
from bonafide.accounts.owners import hold_account


class NoSuchInvitation(Exception):
    """Unknown, expired, withdrawn or used: whoever holds such a link learns nothing of which."""


class MemberOfIt(Exception):
    """The person is a member of the account already, through this link or otherwise; their role stays as it is."""

    def __init__(self, membership: Membership) -> None:
        super().__init__()
        self.membership = membership


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """The open invitation of this link.

    :raises NoSuchInvitation:
    """
    found = Invitation.objects.open(now=now).select_related("account", "invited_by").filter(digest=digest_of(token)).first()
    if found is None:
        raise NoSuchInvitation
    return found


@transaction.atomic
def accept_invitation(*, token: str, user: User, now: datetime) -> Membership:
    """Make the person a member in the role that was offered. The link works once.

    The address that the letter went to need not be one of theirs: whoever opens the link reads that mailbox, or was handed the
    letter by somebody who does. It therefore proves nothing about the person's own address either.

    :raises NoSuchInvitation: :raises MemberOfIt: nothing is changed.
    """
    invitation = Invitation.objects.filter(digest=digest_of(token)).first()
    if invitation is None:
        raise NoSuchInvitation
    hold_account(invitation.account_id)
    already = Membership.objects.select_related("account").filter(account=invitation.account_id, user=user).first()
    if already is not None:
        raise MemberOfIt(already)
    if not Invitation.objects.open(now=now).filter(pk=invitation.pk).update(accepted_at=now):
        raise NoSuchInvitation
    return Membership.objects.create(user=user, account=invitation.account, role=invitation.role, created_at=now)


def leads_to_an_invitation(*, path: str | None, now: datetime) -> bool:
    """Whether this address of ours is the link of an open invitation. Who signs up on the way there needs no own account."""
    try:
        match = resolve(path or "")
    except Resolver404:
        return False
    if match.url_name != "invitation":
        return False
    try:
        find_invitation(token=match.kwargs["token"], now=now)
    except NoSuchInvitation:
        return False
    return True
