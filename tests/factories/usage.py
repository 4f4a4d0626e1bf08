"""Meters and usage."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

from bonafide.accounts.models import Account
from bonafide.pricing.models import Meter
from bonafide.usage.drafts import Draft
from bonafide.usage.receive import Received, receive

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
_serial = count(1)


def make_meter(code: str = "", **values: object) -> Meter:
    code = code or f"meter-{next(_serial)}"
    fixed = {"name_en": code, "name_fr": code, "unit": "unit", "aggregation": "sum", "scale": 3, **values}
    return Meter.objects.create(code=code, **fixed)


def make_draft(
    *,
    account: Account | str,
    meter: Meter | str,
    time: str = "2024-09-18T12:00:00Z",
    quantity: str | int = "1",
    id: str = "",
    source: str = "test",
    unit: str = "",
    position: int = 0,
    **dimensions: str,
) -> Draft:
    return Draft(
        position,
        source,
        id or f"event-{next(_serial)}",
        account if isinstance(account, str) else account.reference,
        meter if isinstance(meter, str) else meter.code,
        time,
        quantity,
        dimensions,
        unit,
    )


def take_in(drafts: Iterable[Draft], *, zone: ZoneInfo = PARIS, now: datetime = NOW) -> Received:
    """Write drafts as the API would; positions are given in order."""
    numbered = list(drafts)
    for position, draft in enumerate(numbered):
        draft.position = position
    return receive(drafts=numbered, origin="test", zone=zone, now=now)


def use(account: Account, meter: Meter, quantity: str | int = "1", time: str = "2024-09-18T12:00:00Z", **rest: str) -> Received:
    """One event."""
    done = take_in([make_draft(account=account, meter=meter, quantity=quantity, time=time, **rest)])
    assert not done.rejected, done.rejected
    return done
