"""The letters about members and keys."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse

from bonafide.accounts.change_email import Asked
from bonafide.accounts.invite import Invited
from bonafide.accounts.models import Account, ApiKey, Membership, User
from bonafide.mail.send import send_letter


def send_invitation(*, invited: Invited, by: User) -> bool:
    """The one place where the link is ever written. In the language of the account: the reader's own is not known.

    :return: whether the mail server took it.
    """
    account = invited.invitation.account
    return send_letter(
        template="accounts/email/invitation",
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


def send_change_of_address(*, asked: Asked) -> bool:
    """To the address that is wanted: the link, or to whom it belongs already, that somebody else wanted it.

    :return: whether the mail server took it.
    """
    change = asked.change
    if asked.token is None:
        owner = User.objects.filter(email=change.email).first()
        spoken = (owner.language if owner else "") or change.user.language or settings.LANGUAGE_CODE
        return send_letter(template="accounts/email/address_wanted", to=change.email, language=spoken, given={"user": owner})
    return send_letter(
        template="accounts/email/change_of_address",
        to=change.email,
        language=change.user.language or settings.LANGUAGE_CODE,
        given={
            "username": change.user.username,
            "until": change.expires_at,
            "change_url": _ours("confirm_change", asked.token),
        },
    )


def tell_of_new_key(*, key: ApiKey, account: Account, by: User) -> None:
    """To every other owner: a key that nobody of them wanted must not go unseen. Its maker hears from ``sign_in``."""
    for owner in _owners(account):
        if owner != by:
            _tell(owner, key, account, "accounts/email/api_key_made", {"maker": by.username, "made_at": key.created_at})


def tell_of_end(*, key: ApiKey, account: Account) -> bool:
    """To every owner, that the key ends soon; whether at least one letter left, or nobody was there to write to."""
    owners = list(_owners(account))
    given: dict[str, object] = {"last_used_at": key.last_used_at}
    told = [_tell(owner, key, account, "accounts/email/api_key_ends", given) for owner in owners]
    return any(told) or not owners


def _owners(account: Account) -> Iterator[User]:
    for membership in Membership.objects.owners().filter(account=account).select_related("user").order_by("pk"):
        yield membership.user


def _tell(owner: User, key: ApiKey, account: Account, template: str, given: dict[str, object]) -> bool:
    known = {
        "user": owner,
        "account": account.name[:80],
        "key": key,
        "keys_url": _ours("api_keys"),
        **given,
    }
    return send_letter(template=template, to=owner.email, language=owner.language or account.language, given=known)


def _ours(name: str, *arguments: str) -> str:
    home: str = settings.OPERATOR.service.console_url
    return home + reverse(name, args=arguments)
