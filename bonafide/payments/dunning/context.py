"""What every page of a suspended account says."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from bonafide.accounts.models import Account
from bonafide.billing.open_bills import Owed, open_bills
from bonafide.payments.dunning.state import suspension_of


def suspension(request: HttpRequest) -> dict[str, object]:
    """``suspended``: the suspension of the account one acts for and its ``bills`` to pay, or None; asked when a page shows it."""
    return {"suspended": SimpleLazyObject(lambda: _suspended(request))}


def _suspended(request: HttpRequest) -> dict[str, Any] | None:
    membership = getattr(request, "membership", None)  # an error's page may be shown before anybody looked who is there
    account: Account | None = getattr(membership, "account", None) if membership else None
    found = suspension_of(account) if account else None
    if account is None or found is None:
        return None
    today = timezone.now().astimezone(settings.OPERATOR.zone).date()  # noqa: TID251 - a page is being shown
    owed: list[Owed] = open_bills(account=account, today=today)
    return {"since": found.since, "owed": owed}
