"""Give somebody a new password, with everything that follows from it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from bonafide.accounts.models import User
from bonafide.sessions.lock import lock_person
from bonafide.sign_in.changes import changed
from bonafide.sign_in.models import Event


class Overtaken(Exception):
    """The password was replaced by somebody else since this request looked at it; nothing was changed."""


def replace_password(*, request: HttpRequest | None, user: Any, password: str, event: Event, now: datetime) -> int:
    """Set the password, end sessions, write the letter; how many sessions ended.

    A reset by letter also lifts the demand for a new password. The slow hash is computed before the transaction; what was read
    before that is compared again under the lock, so that of two requests with one link, or of a reset and a "this was not me" in
    the same moment, only the first counts.

    :raises Overtaken: when the password is no longer the one that the request began with.
    """
    before = user.password
    user.set_password(password)
    with transaction.atomic():
        now_there: User | None = lock_person(user.pk)
        if now_there is None or now_there.password != before:
            raise Overtaken
        if event == Event.PASSWORD_RESET:
            user.reset_required_at = None
        else:
            user.reset_required_at = now_there.reset_required_at
        user.save(update_fields=["password", "reset_required_at"])
        return changed(request=request, user=user, event=event, now=now)
