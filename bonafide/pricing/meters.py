"""Meters that exist because something needs them, not because a price file declares them."""

from __future__ import annotations

from typing import Any

from bonafide.errors import Refused
from bonafide.money import is_currency
from bonafide.pricing.models import Meter

# What makes two meters the same; sums and rows already counted depend on each of them.
FIXED = ("unit", "aggregation", "scale", "group_by", "subject")


class MeterRefused(Refused):
    """A meter that cannot be what it is asked to be."""


def cost_meter_code(currency: str) -> str:
    return f"focus-{currency.lower()}"


def cost_meter_values(currency: str) -> dict[str, Any]:
    """The fields of the meter that adds up a provider's cost in one currency, by service (FOCUS: BilledCost, ServiceName)."""
    return {
        "name_en": f"Cloud charges in {currency}",
        "name_fr": f"Charges cloud en {currency}",
        "unit": currency,
        "aggregation": Meter.Aggregation.SUM,
        "scale": 12,
        "group_by": "service",
        "subject": "",
    }


def ensure_cost_meter(*, currency: str) -> Meter:
    """The meter ``focus-<currency>`` of a provider's cost, made at first need.

    :raises MeterRefused: for an unknown currency, or when a meter of that code counts something else.
    """
    if not is_currency(currency):
        raise MeterRefused(f"currency {currency!r} is unknown: expected an ISO 4217 code such as USD")
    values = cost_meter_values(currency)
    meter, _made = Meter.objects.get_or_create(code=cost_meter_code(currency), defaults=values)
    for field in FIXED:
        if getattr(meter, field) != values[field]:
            raise MeterRefused(
                f"meter {meter.code}: {field} is {getattr(meter, field)!r} but costs in {currency} need {values[field]!r}; "
                "give that meter another code in the price file"
            )
    return meter
