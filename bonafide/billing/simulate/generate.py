"""Usage for a test account of somebody who has none: so much of a meter on each day of a period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from bonafide.accounts.models import Account, Clock
from bonafide.billing.simulate.make import SimulationRefused
from bonafide.money import text
from bonafide.operator import Operator
from bonafide.pricing.models import Meter
from bonafide.usage.drafts import Draft
from bonafide.usage.quantities import whole_units
from bonafide.usage.receive import Received, receive

MOST_EVENTS = 50_000
# What stands in the dimension that a meter shows apart, and begins the names of what is counted.
GROUP = "generated"
_EACH = (Meter.Aggregation.COUNT, Meter.Aggregation.UNIQUE)


def generate_usage(
    *, account: Account, meter: Meter, per_day: str, first: date, last: date, operator: Operator, now: datetime
) -> Received:
    """``per_day`` of ``meter`` on each day from ``first`` to ``last``, both included, also on days still to come for it.

    The same asked for again changes nothing; another quantity is added. An "hours" meter gets so many hours of existence, a
    "unique" one the same so many values each day, a "count" one so many events.

    :param per_day: decimal text in the meter's unit.
    :raises SimulationRefused: for a quantity or a period that makes no sense, or more than ``MOST_EVENTS`` events.
    """
    clock = Clock.objects.get(pk=account.pk)
    began_on = account.created_at.astimezone(operator.zone).date()
    if not began_on <= first <= last:
        raise SimulationRefused(f"from {first} to {last}: expected days in order, not before {began_on}, when it began")
    quantity = _checked(per_day, meter)
    days = (last - first).days + 1
    if days * (int(quantity) if meter.aggregation in _EACH else 2) > MOST_EVENTS:
        raise SimulationRefused(f"that is more than {MOST_EVENTS} events: ask for a shorter period or a smaller quantity")
    drafts = [
        draft for number in range(days) for draft in _day(account, meter, quantity, first + timedelta(days=number), operator)
    ]
    for position, draft in enumerate(drafts):
        draft.position = position
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=operator.zone)
    ahead = max(timedelta(0), end - clock.now_at)
    done = receive(drafts=drafts, origin=origin_of(account), zone=operator.zone, now=now, ahead=ahead)
    if done.rejected:
        raise SimulationRefused(f"meter {meter.code}: {done.rejected[0].reason}")
    return done


def source_of(account: Account) -> str:
    """What generated events say they come from."""
    return f"test-account-{account.pk}"


def origin_of(account: Account) -> str:
    """What batches of generated events say they come from."""
    return f"generated for {account.reference}"[:200]


def _checked(per_day: str, meter: Meter) -> Decimal:
    try:
        units = whole_units(per_day.strip(), scale=meter.scale, signed=False, rounded=False)
        quantity = Decimal(per_day.strip())
    except (ValueError, InvalidOperation) as error:
        raise SimulationRefused(f"quantity {per_day[:40]!r}: {error}") from None
    if not units:
        raise SimulationRefused(f"quantity {per_day[:40]!r}: expected more than nothing")
    if meter.aggregation in _EACH and quantity != int(quantity):
        raise SimulationRefused(f"quantity {per_day[:40]!r}: meter {meter.code} counts whole ones")
    return quantity


def _day(account: Account, meter: Meter, quantity: Decimal, on: date, operator: Operator) -> Iterator[Draft]:
    """The events of one day; what they are called follows from what they say, so that they are known again."""
    said = text(quantity)
    midnight = datetime.combine(on, time(), tzinfo=operator.zone)
    group = {meter.group_by: GROUP} if meter.group_by else {}

    def event(at: datetime, amount: str, nth: int = 0, **subject: str) -> Draft:
        ident = f"{meter.code}/{on}/{said}/{nth}"
        dimensions = {**group, **({meter.subject: subject["subject"]} if meter.subject else {})}
        return Draft(
            0, source_of(account), ident, account.reference, meter.code, at.astimezone(UTC).isoformat(), amount, dimensions
        )

    noon = midnight + timedelta(hours=12)
    if meter.aggregation == Meter.Aggregation.HOURS:  # so many at once, for one hour
        subject = f"{GROUP}-{said}"
        yield event(midnight, said, 0, subject=subject)
        yield event((midnight.astimezone(UTC) + timedelta(hours=1)), "0", 1, subject=subject)
    elif meter.aggregation in _EACH:
        for nth in range(int(quantity)):
            yield event(noon, "1", nth, subject=f"{GROUP}-{nth + 1}")
    else:
        yield event(noon, said, 0, subject=GROUP)
