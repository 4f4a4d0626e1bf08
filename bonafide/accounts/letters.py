"""The letters about members and keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from bonafide.accounts.change_email import Asked
from bonafide.accounts.invite import Invited
from bonafide.accounts.models import Account, ApiKey, Membership, User
from bonafide.mail.send import send_letter


def send_invitation(*, invited: Invited, by: User) -> None:
    """The one place where the link is ever written. In the language of the account: the reader's own is not known.

    Call it in the transaction of the invitation.
    """
    account = invited.invitation.account
    send_letter(
        purpose="invitation",
        template="accounts/email/invitation",
        now=invited.invitation.created_at,
        account=account,
        to=invited.invitation.email,
        language=account.language,
        given={
            "inviter": by.username,
            "account": account.name[:80],
            "role": invited.invitation.role,
            "until": invited.invitation.expires_at,
            "invitation_url": _ours("invitation", invited.token),
        },
    )


def send_change_of_address(*, asked: Asked) -> None:
    """To the address that is wanted: the link, or to whom it belongs already, that somebody else wanted it.

    Call it in the transaction of the change.
    """
    change = asked.change
    if asked.token is None:
        owner = User.objects.filter(email=change.email).first()
        spoken = (owner.language if owner else "") or change.user.language or settings.LANGUAGE_CODE
        send_letter(
            purpose="address-used",
            template="accounts/email/address_wanted",
            to=change.email,
            language=spoken,
            given={},
            now=change.asked_at,
            person=owner,
        )
        return
    send_letter(
        purpose="confirm-address",
        template="accounts/email/change_of_address",
        now=change.asked_at,
        person=change.user,
        to=change.email,
        language=change.user.language or settings.LANGUAGE_CODE,
        given={
            "user": None,  # the mailbox may be somebody else's, whom we do not greet by this name
            "username": change.user.username,
            "until": change.expires_at,
            "change_url": _ours("confirm_change", asked.token),
        },
    )


def tell_of_new_key(*, key: ApiKey, account: Account, by: User) -> None:
    """To every other owner: a key that nobody of them wanted must not go unseen. Its maker hears from ``sign_in``.

    Call it in the transaction that makes the key.
    """
    given: dict[str, object] = {"maker": by.username, "made_at": key.created_at}
    for owner in _owners(account):
        if owner != by:
            _tell(owner, key, account, "key-made", "accounts/email/api_key_made", given, key.created_at)


def tell_of_end(*, key: ApiKey, account: Account, now: datetime) -> None:
    """To every owner, that the key ends soon. Call it in the transaction that notes that they were told."""
    given: dict[str, object] = {"last_used_at": key.last_used_at}
    for owner in _owners(account):
        _tell(owner, key, account, "key-ends", "accounts/email/api_key_ends", given, now)


def _owners(account: Account) -> Iterator[User]:
    for membership in Membership.objects.owners().filter(account=account).select_related("user").order_by("pk"):
        yield membership.user


def _tell(
    owner: User, key: ApiKey, account: Account, purpose: str, template: str, given: dict[str, object], now: datetime
) -> None:
    known = {
        "account": account.name[:80],
        "key": key,
        "keys_url": _ours("api_keys"),
        **given,
    }
    send_letter(
        purpose=purpose,
        template=template,
        to=owner.email,
        language=owner.language or account.language,
        given=known,
        now=now,
        person=owner,
        account=account,
    )


def _ours(name: str, *arguments: str) -> str:
    home: str = settings.OPERATOR.service.console_url
    return home + reverse(name, args=arguments)
