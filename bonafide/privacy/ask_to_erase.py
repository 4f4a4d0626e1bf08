"""Ask for an erasure, which then waits some days; withdraw it. Until it is done nothing is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bonafide.operator import Operator
from bonafide.privacy.erase import refuse_account, refuse_person
from bonafide.privacy.erasure_letters import tell_of_asking
from bonafide.privacy.keeps import Whom
from bonafide.privacy.models import Erasure
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason


@transaction.atomic
def ask_to_erase(
    *, whom: Whom, by: Erasure.By, operator: Operator, now: datetime, staff: Any = None, reason: str = ""
) -> Erasure:
    """Note it, tell the person, and end their sessions: signing in again within the pause withdraws it, whoever asked.

    The pause is for those whose browser somebody else used, and for a change of mind: there is no way back afterwards. An account
    is erased by staff alone, and waits as long. Again, it changes nothing.

    :raises CannotErase: with what has to be done first.
    """
    if whom.person is not None:
        refuse_person(person_id=whom.person)
    else:
        refuse_account(account_id=whom.pk)
    row, made = Erasure.objects.waiting().get_or_create(
        person_id=whom.person,
        account_id=whom.account,
        defaults={
            "by": by,
            "staff": staff,
            "reason": reason,
            "asked_at": now,
            "due_at": now + timedelta(days=operator.retention.erasure_pause_days),
        },
    )
    if made and row.person is not None:
        tell_of_asking(erasure=row)
        end_sessions(user=row.person, reason=Reason.SIGNED_OUT, now=now)
    return row


def withdraw_erasure(*, whom: Whom, now: datetime) -> bool:
    """Forget what was asked for; whether there was anything."""
    waiting = Erasure.objects.waiting().filter(person=whom.person, account=whom.account)
    return waiting.update(withdrawn_at=now) > 0


def withdraw_at_sign_in(*, user: Any, request: Any = None, **about: Any) -> None:
    """Whoever signs in wants their login. Called by Django's own signal, which every way in sends."""
    from django.contrib import messages
    from django.utils import timezone
    from django.utils.translation import gettext as _

    if withdraw_erasure(whom=Whom(person=user.pk), now=timezone.now()) and request is not None:  # noqa: TID251 - a signal has no time
        messages.info(request, _("Your login was to be erased. You signed in, so that is withdrawn."), fail_silently=True)
