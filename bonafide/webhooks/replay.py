"""Staff send events again, try an endpoint out, and switch one on that was switched off."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from bonafide.errors import Refused
from bonafide.operator_webhooks import Webhook
from bonafide.webhooks.kinds import KINDS, TEST
from bonafide.webhooks.models import Delivery, DeliveryQuerySet, Endpoint, Event
from bonafide.webhooks.tasks import deliver_soon

_LOT = 500


class NothingToReplay(Refused):
    """There is no such delivery."""


def replay(*, deliveries: DeliveryQuerySet, now: datetime) -> int:
    """Send these again from now on, under the ids that they had; how many. A receiver that took one knows it by its id."""
    with transaction.atomic():
        codes = set(deliveries.order_by().values_list("endpoint", flat=True).distinct())
        sent = deliveries.order_by().update(state=Delivery.State.WAITING, tries=0, try_at=now)
        deliver_soon(sorted(codes))
    return sent


def replay_since(*, endpoint: Webhook, since: datetime, now: datetime) -> int:
    """Send everything that the endpoint wants to know and that is still kept since then, told before or not; how many."""
    kinds = [kind.name for kind in KINDS if endpoint.wants(kind.name)]
    wanted = Event.objects.filter(at__gte=since, kind__in=kinds)
    with transaction.atomic():
        missing = list(wanted.exclude(deliveries__endpoint=endpoint.id).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(missing), _LOT):
            rows = [Delivery(event_id=pk, endpoint=endpoint.id, try_at=now) for pk in missing[start : start + _LOT]]
            Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        return replay(deliveries=Delivery.objects.filter(endpoint=endpoint.id, event__in=wanted), now=now)


def send_test(*, endpoint: Webhook, now: datetime) -> Delivery:
    """An event of the kind ``webhook.test``, to this endpoint alone, whatever it wants to know."""
    with transaction.atomic():
        key = f"{TEST} {endpoint.id} {secrets.token_hex(8)}"
        data = {"message": f"A test of the endpoint {endpoint.id}."}
        event = Event.objects.create(kind=TEST, key=key, data=data, at=now)
        return Delivery.objects.create(event=event, endpoint=endpoint.id, try_at=now)


def switch_on(*, endpoint: str, now: datetime) -> bool:
    """Tell an endpoint again; what waits for it is due now. False when it was not off."""
    with transaction.atomic():
        was_off = Endpoint.objects.filter(code=endpoint, off_at__isnull=False)
        if not was_off.update(off_at=None, off_because="", rests_until=None):
            return False
        Delivery.objects.waiting().filter(endpoint=endpoint).update(try_at=now)
        deliver_soon([endpoint])
    return True
