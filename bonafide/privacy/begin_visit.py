"""Begin a visit: staff act for a customer from now on, in the session they are in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account
from bonafide.errors import Refused
from bonafide.privacy.end_visit import end_visits
from bonafide.privacy.models import LONGEST_MINUTES, Visit


class CannotVisit(Refused):
    """The account is closed, the time too long, or there is no reason."""


@transaction.atomic
def begin_visit(*, staff: Any, session: UUID, account: Account, reason: str, minutes: int, now: datetime) -> Visit:
    """One visit at a time in a session: one that was still open there ends.

    :raises CannotVisit:
    """
    if account.closed_at is not None:
        raise CannotVisit(_("This account is closed: nobody acts for it any more."))
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise CannotVisit(_("A visit lasts at most two hours."))
    if not reason.strip():
        raise CannotVisit(_("A visit needs a reason, which the customer reads."))
    end_visits(session=session, how=Visit.End.ENDED, now=now)
    return Visit.objects.create(
        staff=staff, session_id=session, account=account, reason=reason.strip(), minutes=minutes, began_at=now
    )
