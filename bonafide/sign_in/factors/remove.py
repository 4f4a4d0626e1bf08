"""Taking factors away: one by its owner, all of them by the operator when somebody lost everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.db import transaction

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason
from bonafide.sign_in.factors.adapter import is_last_of_staff
from bonafide.sign_in.letters import tell
from bonafide.sign_in.models import Event


class LastOfStaff(Exception):
    """Somebody of the staff would be left without a second factor."""


@dataclass(frozen=True)
class Reset:
    """How many passkeys and apps are gone, and how many sessions ended."""

    factors: int
    sessions: int


def remove_factor(*, authenticator: Authenticator) -> list[Authenticator]:
    """Remove it, and with the last one the recovery codes, which stood in for it; what was removed.

    :raises LastOfStaff: when it is the last one of somebody of the staff. The person's row is locked meanwhile, so that of two
        that are removed at once one stays.
    """
    with transaction.atomic():
        owner = get_user_model().objects.select_for_update().get(pk=authenticator.user_id)
        authenticator.user = owner
        if is_last_of_staff(authenticator):
            raise LastOfStaff
        removed = [authenticator]
        mine = Authenticator.objects.filter(user=owner).exclude(pk=authenticator.pk)
        if not mine.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            removed += list(mine)
        Authenticator.objects.filter(pk__in=[one.pk for one in removed]).delete()
    return removed


def reset_factors(*, user: Any, now: datetime) -> Reset:
    """Remove everything a person has beside their password, end all their sessions, and tell them by letter."""
    with transaction.atomic():
        mine = Authenticator.objects.filter(user=user)
        count = mine.exclude(type=Authenticator.Type.RECOVERY_CODES).count()
        mine.delete()
        ended = end_sessions(user=user, reason=Reason.FACTOR_CHANGED, now=now)
        tell(user=user, event=Event.FACTORS_RESET, now=now)
    return Reset(factors=count, sessions=ended)
