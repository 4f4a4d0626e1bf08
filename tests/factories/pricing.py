"""Meters, plans, prices, subscriptions and rates."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from bonafide.accounts.models import Account
from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, ExchangeRate, Meter, Plan, Price, Subscription
from bonafide.pricing.rating import PerUnit, Terms

ENTERED = datetime(2024, 1, 1, tzinfo=UTC)
_serial = count(1)


def make_meter(**values: object) -> Meter:
    n = next(_serial)
    return Meter.objects.create(
        **{
            "code": f"meter-{n}",
            "name_en": f"Meter {n}",
            "name_fr": f"Compteur {n}",
            "unit": "unit",
            "aggregation": "sum",
            "scale": 3,
            **values,
        }
    )


def make_plan(**values: object) -> Plan:
    n = next(_serial)
    return Plan.objects.create(
        **{"code": f"plan-{n}", "name_en": f"Plan {n}", "name_fr": f"Offre {n}", "currency": "EUR", **values}
    )


def make_price(
    plan: Plan,
    meter: Meter | None,
    terms: Terms | None = None,
    *,
    valid_from: date = date(2024, 1, 1),
    **values: object,
) -> Price:
    n = next(_serial)
    return Price.objects.create(
        **{
            "plan": plan,
            "meter": meter,
            "terms": (terms or PerUnit(unit_price=Decimal("0.01"))).to_json(),
            "valid_from": valid_from,
            "code": f"price-{n}",
            "name_en": f"Price {n}",
            "name_fr": f"Prix {n}",
            "position": n,
            **values,
        }
    )


def make_subscription(account: Account, plan: Plan, *, starts_on: date = date(2024, 1, 1), **values: object) -> Subscription:
    return Subscription.objects.create(account=account, plan=plan, starts_on=starts_on, **values)


def make_exchange_rate(**values: object) -> ExchangeRate:
    return ExchangeRate.objects.create(
        **{
            "base": "USD",
            "quote": "EUR",
            "dated_on": date(2024, 9, 30),
            "rate": "0.9",
            "source": "ECB",
            "entered_at": ENTERED,
            **values,
        }
    )


def close_month(month: Month) -> ClosedMonth:
    return ClosedMonth.objects.create(month=month.key, closed_at=ENTERED)
