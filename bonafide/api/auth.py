"""Who calls: a key in the ``Authorization`` header, good for one scope."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest
from ninja import Schema
from ninja.security import HttpBearer
from pydantic import Field

from bonafide.accounts.api_keys import BadKey, MissingScope, check_key
from bonafide.accounts.models import Account, ApiKey


class ApiError(Exception):
    """A call that is refused whole: HTTP status and one plain line."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, line


class Problem(Schema):  # type: ignore[misc]
    """What comes with every status above 299."""

    error: str = Field(description="One plain line: what is wrong and what was expected.")


class Key(HttpBearer):  # type: ignore[misc]
    """``Authorization: Bearer bf_...``, good for ``scope``."""

    def __init__(self, scope: ApiKey.Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        try:
            return check_key(text=token.strip(), scope=self.scope, now=datetime.now(UTC))
        except BadKey:
            raise ApiError(401, "this key is unknown, expired or revoked") from None
        except MissingScope:
            raise ApiError(403, f"this key is not for that: expected one with the scope {self.scope}") from None


def account_named(key: ApiKey, reference: str) -> Account:
    """The account, if this key may see it; what it may not see does not exist for it.

    :raises ApiError: 404.
    """
    account = Account.objects.filter(reference=reference).first()
    if account is None or key.account_id not in (None, account.pk):
        raise ApiError(404, f"there is no account {reference!r}")
    return account
