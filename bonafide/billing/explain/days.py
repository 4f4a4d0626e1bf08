"""How much of a line's usage was counted on each day, from the totals, which outlive the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Sum

from bonafide.billing.explain.replay import Explained
from bonafide.billing.models import Invoice
from bonafide.money import unscaled
from bonafide.periods import day_from_key, day_key
from bonafide.pricing.models import Meter
from bonafide.usage.daily import daily_quantities
from bonafide.usage.models import Total
from bonafide.usage.of_account import in_unit


@dataclass(frozen=True)
class DayCounted:
    """``quantity`` is None where a day has none of its own: a different value counts once a month, not on a day."""

    on: date
    quantity: Decimal | None
    events: int


def days_counted(*, invoice: Invoice, one: Explained, zone: ZoneInfo) -> list[DayCounted]:
    """The days of the usage that this bill brought to a charge, in order.

    For hours it is what existed each day, of all groups; of late hours only the days on which something was reported.
    """
    meter = one.charge.entry.meter
    if meter is None:
        return []
    key = one.month.key
    rows = Total.objects.filter(
        account_id=invoice.account_id, meter_id=meter.id, bill_month=invoice.month, day__range=(key * 100, key * 100 + 99)
    )
    if one.group is not None:
        rows = rows.filter(group_key=one.group)
    part = one.charge.entry.part
    if part:
        rows = rows.filter(day__gte=day_key(part.first), day__lt=day_key(part.until))
    without = meter.aggregation in (Meter.Aggregation.UNIQUE, Meter.Aggregation.HOURS)
    counted = {
        day: DayCounted(day_from_key(day), None if without else unscaled(int(quantity), meter.scale), int(events))
        for day, quantity, events in rows.order_by().values_list("day").annotate(Sum("quantity"), Sum("events"))
    }
    if meter.aggregation == Meter.Aggregation.HOURS and not one.charge.late and one.group is None:
        days = daily_quantities(
            account_id=invoice.account_id, month=one.month, now=one.month.end(zone), zone=zone, billed=True
        ).get(meter.code)
        known = Meter.objects.get(pk=meter.id)
        for day, quantity in days.quantity.items() if days else ():
            if day // 100 == key and (part is None or part.has(day_from_key(day))):
                events = counted[day].events if day in counted else 0
                counted[day] = DayCounted(day_from_key(day), in_unit(known, quantity), events)
    return [counted[day] for day in sorted(counted)]
