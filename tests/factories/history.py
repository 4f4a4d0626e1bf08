"""Rows of people's sessions and sign-ins that no browser holds a cookie of."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bonafide.sessions.models import Session, SignIn

_serial = count(1)
FIREFOX = {"browser": "Firefox 145", "system": "Linux", "how": "password", "address": "192.0.2.17"}


def make_rows(user: Any, number: int, *, now: datetime, **values: Any) -> list[Session]:
    """Sessions that began an hour ago and were last used one after the other, the first of them last."""
    first = now - timedelta(minutes=10)
    rows = [
        Session(
            **{
                "user": user,
                "key_hash": f"{next(_serial):064x}",
                "created_at": now - timedelta(hours=1),
                "last_seen_at": first - timedelta(milliseconds=place),
                "address_seen_at": first,
                **FIREFOX,
                **values,
            }
        )
        for place in range(number)
    ]
    return Session.objects.bulk_create(rows, batch_size=1000)


def make_row(user: Any, *, now: datetime, **values: Any) -> Session:
    return make_rows(user, 1, now=now, **values)[0]


def make_sign_ins(user: Any, number: int, *, now: datetime, **values: Any) -> list[SignIn]:
    """Tries to sign in, a minute apart, the first of them last."""
    rows = [
        SignIn(**{"user": user, "at": now - timedelta(minutes=place), "outcome": "signed-in", **FIREFOX, **values})
        for place in range(number)
    ]
    return SignIn.objects.bulk_create(rows, batch_size=1000)
