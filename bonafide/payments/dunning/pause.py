"""Staff let nothing happen to an account for a while, or let it go on. Each is a row that stays."""

from __future__ import annotations

from datetime import date, datetime

from bonafide.accounts.models import Account, User
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.dunning.models import PauseEntry


class PauseRefused(Refused):
    """A pause that cannot be, and why."""


def pause(*, account: Account, reason: str, until_on: date | None, by: User, operator: Operator, now: datetime) -> PauseEntry:
    """Nothing happens to the account up to and with ``until_on``, or until somebody resumes it. Another pause replaces this one.

    :raises PauseRefused: without a reason, or for a day that is over.
    """
    said = " ".join(reason.split())
    if not said or len(said) > 300:
        raise PauseRefused("expected a reason of at most 300 characters")
    if until_on is not None and until_on < now.astimezone(operator.zone).date():
        raise PauseRefused(f"until {until_on}: expected today or a later day, or none")
    return PauseEntry.objects.create(account=account, pauses=True, reason=said, until_on=until_on, by=by, at=now)


def resume(*, account: Account, reason: str, by: User, now: datetime) -> PauseEntry | None:
    """What is overdue is followed up again, with the days to pay before any suspension; None when nothing was paused."""
    last = PauseEntry.objects.filter(account=account).order_by("-at", "-pk").first()
    if last is None or not last.pauses:
        return None
    said = " ".join(reason.split())[:300]
    return PauseEntry.objects.create(account=account, pauses=False, reason=said, by=by, at=now)
