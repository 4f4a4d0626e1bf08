"""Look at a password once, whoever is named: how long an answer takes tells nobody whether there is such a person."""

from __future__ import annotations

from typing import Any

from allauth.account import auth_backends as allauth
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.account.models import EmailAddress
from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest

from bonafide.sign_in.confirm_again import is_confirmed, remind


class AuthenticationBackend(allauth.AuthenticationBackend):  # type: ignore[misc]
    """allauth's looks at the password of a known address twice and at that of an unknown one once; this one always once.

    Twice only where one person's name is another's address, which new names cannot be.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        password = str(credentials.get("password") or "")
        typed = {str(credentials[kind]) for kind in ("email", "username") if credentials.get(kind)}
        named = [user for name in typed for user in _with_address(name)]
        named += [user for name in typed if (user := get_user_by_username(name))]
        for user in dict.fromkeys(named):
            if self._check_password(user, password):
                return self._let_in(request, user)
        return None

    @staticmethod
    def _let_in(request: HttpRequest | None, user: Any) -> Any:
        """The person; who has not confirmed the address they signed up with gets the letter again, and no other page."""
        signed_in = request is not None and request.user.is_authenticated and request.user.pk == user.pk
        if request is None or signed_in or is_confirmed(user):
            _keep_session(request, user)
            return user
        remind(request=request, user=user)
        return None


def _with_address(address: str) -> list[Any]:
    """Whose address this is. One that somebody says will be theirs, and has not confirmed, is not theirs to sign in with."""
    found = filter_users_by_email(address, prefer_verified=True, for_login=True)
    theirs = EmailAddress.objects.filter(email=address.lower(), verified=True).values_list("user_id", flat=True)
    return [user for user in found if user.pk in theirs or not is_confirmed(user)]


def _keep_session(request: HttpRequest | None, user: Any) -> None:
    """Whoever confirms their identity with a password hashed in an older way has it hashed anew, and stays signed in."""
    if request is not None and request.user.is_authenticated and request.user.pk == user.pk:
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
