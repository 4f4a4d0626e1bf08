"""A new person gets an account of their own, unless they come to act for somebody else's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bonafide.accounts.models import Account, Membership, User
from bonafide.accounts.tell_opened import tell_opened


def open_account(*, user: User, country: str, language: str, now: datetime) -> Account:
    """The account of somebody who just signed up: a person, named as they named themselves, of which they are the owner.

    ``country`` (ISO 3166-1) is the operator's until the person says otherwise; ``language`` is the one they signed up in.
    All of it, or nothing: call it in the transaction that makes the user.
    """
    with transaction.atomic():
        user.language = language
        user.save(update_fields=["language"])
        account = Account.objects.create(
            kind=Account.Kind.PERSON,
            name=user.username,
            country=country,
            language=language,
            billing_email=user.email,
            created_at=now,
        )
        Membership.objects.create(user=user, account=account, role=Membership.Role.OWNER, created_at=now)
        tell_opened(accounts=[account], now=now)
    return account


def open_no_account(*, user: User, language: str) -> None:
    """Somebody who signed up on the way to an invitation: an account of their own would be billed for nothing."""
    user.language = language
    user.save(update_fields=["language"])
