"""Keys by which programs come in: made once, shown once, checked by their digest."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, ApiKey, User
from bonafide.accounts.owners import demand_owner, hold_account
from bonafide.errors import Refused

PREFIX = "bf_"
# "Last used" is for people who tidy up; a write on each of a thousand calls a minute would tell them nothing more.
TOUCH_EVERY = timedelta(minutes=5)
MOST_OF_AN_ACCOUNT = 50  # live ones; far more than anybody tells apart


class BadKey(Exception):
    """A key that opens nothing: unknown, expired, revoked or orphaned. Which of these is told only to whom it belongs."""


class UnknownKey(BadKey):
    """No key has this text."""


class ExpiredKey(BadKey):
    """The key's time is over."""


class RevokedKey(BadKey):
    """The key was revoked."""


class OrphanedKey(BadKey):
    """Its account is closed; or it acts for its maker, whose login is closed or not known."""


class MissingScope(Exception):
    """The key is good, and not for this."""


class KeyRefused(Refused):
    """A key that cannot be made, or not be revoked."""


class NameTaken(KeyRefused):
    """A live key of the account has this name."""


class TooManyKeys(KeyRefused):
    """The account has as many live keys as it may."""


@transaction.atomic
def make_own_key(
    *, account: Account, by: User, name: str, scopes: Sequence[str], expires_at: datetime, now: datetime
) -> tuple[ApiKey, str]:
    """A key that an owner makes for their account, under a name that no live key of it has.

    So a form that is sent twice makes one key, and the second answer shows none.

    :raises NotAnOwner: :raises NameTaken: :raises TooManyKeys: nothing is made.
    :raises KeyRefused: as ``make_key``.
    """
    hold_account(account.pk)
    demand_owner(account_id=account.pk, user=by)
    live = ApiKey.objects.live(now=now).filter(account=account)
    if live.filter(name=name.strip()).exists():
        raise NameTaken(_("A key of this name is there already. Choose another name, or revoke that key first."))
    if live.count() >= MOST_OF_AN_ACCOUNT:
        raise TooManyKeys(
            _("The account has %(count)d keys, which is the most. Revoke one that is not needed.") % {"count": MOST_OF_AN_ACCOUNT}
        )
    return make_key(account=account, name=name, scopes=scopes, expires_at=expires_at, now=now, made_by=by)


def make_key(
    *,
    account: Account | None,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    now: datetime,
    made_by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere: 256 random bits after ``bf_``.

    :param account: whose usage and bills it opens; None makes it the operator's own, for every account.
    :param made_by: whose sessions it sees and ends, if it may; None for one that the operator makes.
    :raises KeyRefused: without a name or a scope, for an unknown scope, or an end that is past.
    """
    known = ApiKey.Scope.values
    if not name.strip() or len(name) > 80:
        raise KeyRefused(f"name {name!r} of the key: expected 1 to 80 characters")
    if not scopes:
        raise KeyRefused(f"a key without a scope opens nothing: expected at least one of {', '.join(known)}")
    for scope in scopes:
        if scope not in known:
            raise KeyRefused(f"scope {scope!r} is unknown: expected {', '.join(known)}")
    if expires_at is not None and expires_at <= now:
        raise KeyRefused(f"the key would expire on {expires_at:%Y-%m-%d}, which is past: expected a later day")
    text = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        account=account,
        made_by=made_by,
        name=name.strip(),
        start=text[:10],
        digest=_digest(text),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    return key, text


def check_key(*, text: str, scope: str, now: datetime) -> ApiKey:
    """The key with this text, good for ``scope`` at this moment; notes now and then that it was used.

    :raises UnknownKey: :raises ExpiredKey: :raises RevokedKey: :raises OrphanedKey: when it opens nothing.
    :raises MissingScope: when it opens other things.
    """
    key = ApiKey.objects.select_related("account", "made_by").filter(digest=_digest(text)).first()
    if key is None:
        raise UnknownKey
    if key.revoked_at is not None:
        raise RevokedKey
    if key.expires_at is not None and key.expires_at <= now:
        raise ExpiredKey
    if scope not in key.scopes:
        raise MissingScope(scope)
    if _is_orphaned(key, scope):
        raise OrphanedKey
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        # Only forward: of two calls at once the later time stays.
        mine = ApiKey.objects.filter(pk=key.pk)
        mine.filter(Q(last_used_at=None) | Q(last_used_at__lt=now)).update(last_used_at=now)
    return key


def revoke_key(*, key: ApiKey, now: datetime) -> None:
    """Dead from the very next call; a second time changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


def _is_orphaned(key: ApiKey, scope: str) -> bool:
    if key.account is not None and key.account.closed_at is not None:
        return True
    return scope == ApiKey.Scope.SESSIONS and (key.made_by is None or not key.made_by.is_active)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
