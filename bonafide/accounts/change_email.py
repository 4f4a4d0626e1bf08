"""Ask for another e-mail address, and confirm it from its mailbox. Until then the new one counts for nothing.

The wanted address is kept apart from the confirmed ones: a mailbox that somebody named by mistake must not get letters with which
a password can be chosen, and nobody's address can be kept from them by who merely claims it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from bonafide.accounts.models import EmailChange, User
from bonafide.errors import Refused

GOOD_FOR = timedelta(days=1)
DAY = timedelta(days=1)
A_DAY = 5  # letters that one person can have sent to addresses that are not theirs yet


class TooManyLetters(Refused):
    """The day's letters are used up."""


class SameAddress(Refused):
    """It is the person's own already."""


class NoSuchChange(Refused):
    """The link means nothing: never did, was used, is too old, or the password changed since."""


class AddressTaken(Refused):
    """Another login has this address."""


@dataclass(frozen=True)
class Asked:
    """``token`` goes into the letter's link and is kept nowhere; None when the address is another login's, who is told so."""

    change: EmailChange
    token: str | None


@dataclass(frozen=True)
class Confirmed:
    """``before`` and ``after`` are confirmed rows of allauth's; ``before`` is gone from the database."""

    user: User
    before: EmailAddress | None
    after: EmailAddress


@transaction.atomic
def ask_for_address(*, user: User, email: str, now: datetime) -> Asked:
    """Note that ``user`` wants ``email`` (in lower case), for a day. What was wanted before is forgotten; its link is dead.

    :raises SameAddress: :raises TooManyLetters: nothing is changed.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if email == user.email:
        raise SameAddress(_("This is your address already."))
    if EmailChange.objects.filter(user=user, asked_at__gt=now - DAY).count() >= A_DAY:
        raise TooManyLetters(
            _("%(count)d letters were sent within a day, which is the most. Please go on tomorrow.") % {"count": A_DAY}
        )
    EmailChange.objects.filter(user=user, asked_at__lte=now - DAY).delete()
    withdraw_change(user=user, now=now)
    token = secrets.token_urlsafe(32)
    change = EmailChange.objects.create(
        user=user,
        email=email,
        digest=digest_of(token),
        password_digest=_password_digest(user),
        asked_at=now,
        expires_at=now + GOOD_FOR,
    )
    return Asked(change=change, token=None if _is_taken(email, user) else token)


def pending_change(*, user: User, now: datetime) -> EmailChange | None:
    """The address that waits for its confirmation."""
    change = EmailChange.objects.filter(user=user, ended_at=None, expires_at__gt=now).select_related("user").first()
    return change if change and _still_meant(change) else None


def withdraw_change(*, user: User, now: datetime) -> bool:
    """Forget the wanted address; its link is dead from now on. Whether there was one."""
    return EmailChange.objects.filter(user=user, ended_at=None).update(ended_at=now) > 0


def find_change(*, token: str, now: datetime) -> EmailChange:
    """:raises NoSuchChange:"""
    change = (
        EmailChange.objects.filter(digest=digest_of(token), ended_at=None, expires_at__gt=now, user__is_active=True)
        .select_related("user")
        .first()
    )
    if change is None or not _still_meant(change):
        raise NoSuchChange
    return change


@transaction.atomic
def confirm_change(*, token: str, now: datetime) -> Confirmed:
    """Make the wanted address the person's only one.

    Whoever calls tells about it (the adapter's ``account/email/email_changed``) in the same transaction.

    :raises NoSuchChange: :raises AddressTaken: nothing is changed.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=find_change(token=token, now=now).user_id)
    change = find_change(token=token, now=now)  # again, now that nobody else can use it
    if _is_taken(change.email, user):
        raise AddressTaken(_("Another login has confirmed this address already."))
    before = EmailAddress.objects.filter(user=user, primary=True).first()
    EmailAddress.objects.filter(user=user).delete()
    try:
        with transaction.atomic():
            after = EmailAddress.objects.create(user=user, email=change.email, verified=True, primary=True)
            user.email = change.email
            user.save(update_fields=["email"])
    except IntegrityError:  # somebody signed up with it between our look and our write
        raise AddressTaken(_("Another login has confirmed this address already.")) from None
    withdraw_change(user=user, now=now)
    return Confirmed(user=user, before=before, after=after)


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _is_taken(email: str, user: User) -> bool:
    others = EmailAddress.objects.filter(email=email, verified=True).exclude(user=user)
    return others.exists() or User.objects.filter(email=email).exclude(pk=user.pk).exists()


def _still_meant(change: EmailChange) -> bool:
    """Not when the password was changed after the change was asked for, or was reported as stolen."""
    user = change.user
    return user.reset_required_at is None and constant_time_compare(change.password_digest, _password_digest(user))


def _password_digest(user: User) -> str:
    return salted_hmac("bonafide.accounts.change_email", user.password, algorithm="sha256").hexdigest()
