"""Tell people what happened to their login. A letter is a row first, in the transaction of what it tells, and sent later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from bonafide.sign_in.models import Event, SecurityLetter
from bonafide.sign_in.tasks import write_letter

_LONGEST = 200


def tell(*, user: Any, event: Event, now: datetime, to: str = "", **details: str) -> SecurityLetter | None:
    """Write a letter to ``user`` about ``event``; None when they have no address.

    Call it inside the transaction of the change: no change without its letter, no letter about what was rolled back. The letter
    leaves in the background, and again and again for three days while the mail server does not take it.

    ``to`` is another address than their own, ``details`` are texts that the words of the event name (see ``words.py``): a name
    of a key or a provider, a browser and its system, the way of signing in. No IP address, and nothing secret.
    """
    address = to or address_of(user)
    if not address:
        return None
    letter = SecurityLetter.objects.create(
        user=user,
        event=event,
        at=now,
        address=address,
        details={name: " ".join(str(text).split())[:_LONGEST] for name, text in details.items()},
        try_at=now,
    )

    def nudge() -> None:  # no partial: Django cannot log the failure of one
        write_letter.enqueue(str(letter.pk))

    transaction.on_commit(nudge, robust=True)  # were it lost, the minute's round finds the letter
    return letter


def tell_at_most(*, user: Any, event: Event, every: timedelta, now: datetime, **details: str) -> SecurityLetter | None:
    """The same, unless such a letter was written lately: what a stranger can cause must not flood a mailbox."""
    if SecurityLetter.objects.filter(user=user, event=event, at__gt=now - every).exists():
        return None
    return tell(user=user, event=event, now=now, **details)


def address_of(user: Any) -> str:
    """Where we write to a person; empty for nowhere."""
    return str(EmailAddress.objects.get_primary_email(user) or user.email or "")
