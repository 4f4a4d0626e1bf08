"""An event is written down, in the transaction of what it tells; it is delivered afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bonafide.webhooks.models import Event


def emit(*, kind: str, key: str, data: dict[str, Any], now: datetime, account_id: int | None = None) -> None:
    """Have the operator's service told ``kind`` (such as ``account.suspended``); the same ``key`` again changes nothing.

    :param data: what it says, as JSON; the account by its ``reference``, money in minor units with its currency.
    """
    Event.objects.get_or_create(key=key, defaults={"kind": kind, "data": data, "at": now, "account_id": account_id})
