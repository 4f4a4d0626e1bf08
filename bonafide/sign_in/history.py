"""The history of sign-ins: each try for a person we know, good or not, and nothing of what was typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.http import HttpRequest

from bonafide.accounts.models import User
from bonafide.sessions.client import client_of
from bonafide.sessions.models import Outcome, SignIn
from bonafide.sign_in.suspicion import weigh

MOST_FAILURES = 20
WITHIN = timedelta(hours=1)


def record(*, request: HttpRequest, user: Any, outcome: Outcome, now: datetime, how: str = "") -> SignIn | None:
    """Write one try into the history of ``user``; a good one carries its session.

    ``how`` is in the codes of the ledger (``password``, ``password+totp``, ``webauthn``, ``socialaccount:acme``).

    Whoever guesses cannot fill the table: of each kind of failure the first 20 of a person in an hour are kept, and the rest
    leave no row (None is returned). Kinds are counted apart, so that a flood of wrong passwords does not hide one wrong code.
    Several workers at once may keep a few more.
    """
    good = outcome == Outcome.SIGNED_IN
    if not good and _failures(user, outcome, now) >= MOST_FAILURES:
        return None
    client = client_of(request)
    row = SignIn.objects.create(
        user=user,
        session=getattr(request.session, "row", None) if good else None,
        at=now,
        outcome=outcome,
        how=how[:120],
        address=client.address,
        browser=client.browser,
        system=client.system,
    )
    if not good:
        weigh(request=request, user=user, outcome=outcome, now=now)
    return row


def _failures(user: Any, outcome: Outcome, now: datetime) -> int:
    return SignIn.objects.filter(user=user, outcome=outcome, at__gt=now - WITHIN).count()


def person_of(credentials: dict[str, Any]) -> User | None:
    """Whom these credentials name, by the same rules as when signing in; None for a name that nobody has."""
    user: User | None = None
    if credentials.get("username"):
        user = get_user_by_username(str(credentials["username"]))
    if user is None and credentials.get("email"):
        user = next(iter(filter_users_by_email(str(credentials["email"]), prefer_verified=True, for_login=True)), None)
    return user
