"""Keys by which programs come in: made once, shown once, checked by their digest."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from bonafide.accounts.models import Account, ApiKey
from bonafide.errors import Refused

PREFIX = "bf_"
# "Last used" is for people who tidy up; a write on each of a thousand calls a minute would tell them nothing more.
TOUCH_EVERY = timedelta(minutes=5)


class BadKey(Exception):
    """A key that opens nothing: unknown, expired or revoked. Which of these is told only to whom it belongs."""


class UnknownKey(BadKey):
    """No key has this text."""


class ExpiredKey(BadKey):
    """The key's time is over."""


class RevokedKey(BadKey):
    """The key was revoked."""


class MissingScope(Exception):
    """The key is good, and not for this."""


class KeyRefused(Refused):
    """A key that cannot be made, or not be revoked."""


def make_key(
    *, account: Account | None, name: str, scopes: Sequence[str], expires_at: datetime | None, now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere: 256 random bits after ``bf_``.

    :param account: whose usage and bills it opens; None makes it the operator's own, for every account.
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

    :raises UnknownKey: :raises ExpiredKey: :raises RevokedKey: when it opens nothing.
    :raises MissingScope: when it opens other things.
    """
    key = ApiKey.objects.select_related("account").filter(digest=_digest(text)).first()
    if key is None:
        raise UnknownKey
    if key.revoked_at is not None:
        raise RevokedKey
    if key.expires_at is not None and key.expires_at <= now:
        raise ExpiredKey
    if scope not in key.scopes:
        raise MissingScope(scope)
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        # Only forward: of two calls at once the later time stays.
        mine = ApiKey.objects.filter(pk=key.pk)
        mine.filter(Q(last_used_at=None) | Q(last_used_at__lt=now)).update(last_used_at=now)
    return key


def revoke_key(*, key: ApiKey, now: datetime) -> None:
    """Dead from the very next call; a second time changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
