"""Look at a password once, whoever is named: how long an answer takes tells nobody whether there is such a person."""

from __future__ import annotations

from typing import Any

from allauth.account import auth_backends as allauth
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest


class AuthenticationBackend(allauth.AuthenticationBackend):  # type: ignore[misc]
    """allauth's looks at the password of a known address twice and at that of an unknown one once; this one always once.

    Twice only where one person's name is another's address, which new names cannot be.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        password = str(credentials.get("password") or "")
        typed = {str(credentials[kind]) for kind in ("email", "username") if credentials.get(kind)}
        named = [user for name in typed for user in filter_users_by_email(name, prefer_verified=True, for_login=True)]
        named += [user for name in typed if (user := get_user_by_username(name))]
        for user in dict.fromkeys(named):
            if self._check_password(user, password):
                _keep_session(request, user)
                return user
        return None


def _keep_session(request: HttpRequest | None, user: Any) -> None:
    """Whoever confirms their identity with a password hashed in an older way has it hashed anew, and stays signed in."""
    if request is not None and request.user.is_authenticated and request.user.pk == user.pk:
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
