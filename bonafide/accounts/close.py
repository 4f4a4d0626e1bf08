"""Close an account: nobody acts for it any more, neither people nor programs. Its bills stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from bonafide.accounts.models import Account, User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason
from bonafide.webhooks.emit import emit


@dataclass(frozen=True)
class Closed:
    """How many keys were revoked, invitations withdrawn and sessions ended."""

    keys: int
    invitations: int
    sessions: int


@transaction.atomic
def close_account(*, account: Account, now: datetime, reason: str | None = None, bills: Sequence[dict[str, Any]] = ()) -> Closed:
    """Close it and revoke its keys; members without another open account are signed out. The service is told.

    A second time changes nothing.

    :param reason: why, as the service is told it: ``unpaid_bills``, and which ``bills`` those are (``webhooks.kinds``).
    """
    if not Account.objects.filter(pk=account.pk, closed_at=None).update(closed_at=now):
        return Closed(0, 0, 0)
    account.closed_at = now
    told = {"account": account.reference, "reason": reason, "bills": list(bills)}
    key = f"account.closed {account.pk} {now:%Y%m%d%H%M%S%f}"
    emit(kind="account.closed", key=key, data=told, now=now, account_id=account.pk)
    keys = account.api_keys.filter(revoked_at=None).update(revoked_at=now)
    invitations = account.invitations.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    left_alone = User.objects.filter(memberships__account=account, is_staff=False).exclude(
        memberships__account__in=Account.objects.filter(closed_at=None)
    )
    # In one order, so that two closings with members in common never wait for each other.
    members = left_alone.distinct().order_by("pk")
    sessions = sum(end_sessions(user=user, reason=Reason.ACCOUNT_CLOSED, now=now) for user in members)
    return Closed(keys=keys, invitations=invitations, sessions=sessions)
