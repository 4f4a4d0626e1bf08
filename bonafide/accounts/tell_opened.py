"""The operator's service is told of accounts that there are from now on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bonafide.accounts.models import Account
from bonafide.webhooks.emit import Told, emit_many


def tell_opened(*, accounts: Iterable[Account], now: datetime, again: bool = False) -> None:
    """Tell ``account.opened`` of each, once, and ``again`` where a closed one was opened; in the transaction that makes them."""
    suffix = f" {now:%Y%m%d%H%M%S%f}" if again else ""
    told = [
        Told("account.opened", f"account.opened {one.pk}{suffix}", {"account": one.reference, "kind": one.kind}, one.pk)
        for one in accounts
    ]
    emit_many(told=told, now=now)
