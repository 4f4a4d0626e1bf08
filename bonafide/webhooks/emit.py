"""An event is written down, in the transaction of what it tells; it is delivered afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction

from bonafide.operator_webhooks import Webhook
from bonafide.webhooks.kinds import TEST, declared
from bonafide.webhooks.models import Delivery, Event

_LOT = 500  # events written by one statement


@dataclass(frozen=True)
class Told:
    """One event, as :func:`emit` describes it."""

    kind: str
    key: str
    data: dict[str, Any]
    account_id: int | None = None


def emit(*, kind: str, key: str, data: dict[str, Any], now: datetime, account_id: int | None = None) -> None:
    """Have the operator's service told ``kind`` (such as ``account.suspended``); the same ``key`` again changes nothing.

    Nothing is written where no endpoint wants to know, and nothing of a test account.

    :param data: what it says, as JSON, as ``kinds`` declares it; the account by its ``reference``, money in minor units with its
        currency.
    :raises UndeclaredKind:
    """
    emit_many(told=[Told(kind, key, data, account_id)], now=now)


def emit_many(*, told: Iterable[Told], now: datetime) -> int:
    """The same of many, in few statements; how many were new.

    :raises UndeclaredKind:
    """
    wanted = [one for one in told if endpoints_wanting(one.kind)]
    if not wanted:
        return 0
    made = 0
    with transaction.atomic():
        for lot in _lots(wanted):
            made += _write(lot, now)
    return made


def endpoints_wanting(kind: str) -> tuple[Webhook, ...]:
    """Endpoints of the operator's file that are told events of this kind.

    :raises UndeclaredKind:
    """
    declared(kind)
    endpoints: tuple[Webhook, ...] = settings.OPERATOR.webhooks
    return tuple(endpoint for endpoint in endpoints if kind != TEST and endpoint.wants(kind))


def _write(lot: Sequence[Told], now: datetime) -> int:
    from bonafide.webhooks.tasks import deliver_soon  # which imports what delivers, and that imports models as this does

    there = set(Event.objects.filter(key__in=[one.key for one in lot]).values_list("key", flat=True))
    test = _test_accounts({one.account_id for one in lot if one.account_id})
    fresh = {one.key: one for one in lot if one.key not in there and one.account_id not in test}
    if not fresh:
        return 0
    values = [Event(kind=one.kind, key=one.key, data=one.data, at=now, account_id=one.account_id) for one in fresh.values()]
    Event.objects.bulk_create(values, ignore_conflicts=True)  # somebody else may write the same just now
    written = Event.objects.filter(key__in=list(fresh)).order_by("pk").values_list("pk", "kind")
    deliveries = [
        Delivery(event_id=pk, endpoint=endpoint.id, try_at=now) for pk, kind in written for endpoint in endpoints_wanting(kind)
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    deliver_soon(sorted({one.endpoint for one in deliveries}))
    return len(fresh)


def _test_accounts(accounts: set[int]) -> set[int]:
    if not accounts:
        return set()
    model: Any = Event._meta.get_field("account").related_model
    return set(model.objects.filter(pk__in=accounts, is_test=True).values_list("pk", flat=True))


def _lots(told: Iterable[Told]) -> Iterator[list[Told]]:
    left = iter(told)
    while lot := list(islice(left, _LOT)):
        yield lot
