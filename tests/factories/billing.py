"""Plans with prices, usage as totals, and bills issued from them by the real run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings
from django.db import connection

from bonafide.accounts.models import Account
from bonafide.billing import correction_triggers, triggers
from bonafide.billing.amend import triggers as amend_triggers
from bonafide.billing.closings import triggers as closing_triggers
from bonafide.billing.explain import note_usage
from bonafide.billing.ledger import triggers as ledger_triggers
from bonafide.billing.models import Invoice, LocationEvidence
from bonafide.billing.run import RunResult, issue_month
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import ExchangeRate, Meter, Plan, Price, Subscription
from bonafide.pricing.rating import Flat, PerUnit, Terms
from bonafide.usage.models import Total
from tests.factories.accounts import make_account

SEPTEMBER = Month(2024, 9)
OCTOBER_1 = datetime(2024, 10, 1, 8, tzinfo=UTC)
_serial = count(1)


def operator(**sections: dict[str, Any]) -> Operator:
    """The tests' operator, with some settings of its sections otherwise: ``operator(billing={"payment_days": 30})``."""
    changed = {name: getattr(settings.OPERATOR, name).model_copy(update=values) for name, values in sections.items()}
    return settings.OPERATOR.model_copy(update=changed)


def make_meter(**values: Any) -> Meter:
    n = next(_serial)
    return Meter.objects.create(
        **{
            "code": f"meter-{n}",
            "name_en": "Instance hours",
            "name_fr": "Heures d'instance",
            "unit": "h",
            "aggregation": "sum",
            "scale": 3,
            **values,
        }
    )


def make_plan(*items: tuple[Meter | None, Terms], code: str = "", currency: str = "EUR", is_default: bool = True) -> Plan:
    """A plan with these prices from January 2020, in this order."""
    plan = Plan.objects.create(
        code=code or f"plan-{next(_serial)}", name_en="Plan", name_fr="Offre", currency=currency, is_default=is_default
    )
    for position, (meter, terms) in enumerate(items, start=1):
        Price.objects.create(
            plan=plan,
            code=f"price-{position}",
            meter=meter,
            valid_from=date(2020, 1, 1),
            name_en=meter.name_en if meter else "Subscription",
            name_fr=meter.name_fr if meter else "Abonnement",
            terms=terms.to_json(),
            position=position,
        )
    return plan


def subscribe(account: Account, plan: Plan) -> Subscription:
    return Subscription.objects.create(account=account, plan=plan, starts_on=date(2020, 1, 1))


def use(account: Account, meter: Meter, quantity: str, *, day: int = 20240915, group: str = "", bill: int = 0) -> Total:
    """A day's total, as if events had come in; ``quantity`` is decimal text in the meter's unit."""
    return Total.objects.create(
        account=account,
        meter=meter,
        bill_month=bill or day // 100,
        day=day,
        group_key=group,
        quantity=int(Decimal(quantity).scaleb(meter.scale)),
        events=1,
        latest_us=0,
    )


def make_rate(base: str, quote: str, rate: str, *, dated_on: date = date(2024, 9, 30)) -> ExchangeRate:
    return ExchangeRate.objects.create(base=base, quote=quote, dated_on=dated_on, rate=rate, source="ECB", entered_at=OCTOBER_1)


def make_sale(name: str, euros: str, *, country: str = "DE", postcode: str = "20457", **values: Any) -> Account:
    """An account that is billed so much before tax each month; a consumer in Germany unless said otherwise."""
    account = make_account(**{"kind": "person", "name": name, "country": country, "postcode": postcode, "city": "", **values})
    subscribe(account, make_plan((None, Flat(amount=Decimal(euros))), is_default=False))
    return account


def make_evidence(account: Account, kind: str, place: str) -> LocationEvidence:
    return LocationEvidence.objects.create(account=account, kind=kind, place=place, method="a test", at=OCTOBER_1)


def issue(*, month: Month = SEPTEMBER, now: datetime = OCTOBER_1, by: Operator | None = None) -> RunResult:
    """Run the bills of a month."""
    return issue_month(month=month, operator=by or operator(), now=now)


def make_invoice(
    *, account: Account | None = None, hours: str = "12.5", unit_price: str = "0.8", now: datetime = OCTOBER_1
) -> Invoice:
    """An issued bill of one line, made by a real run over one account with usage."""
    account = account or make_account()
    meter = make_meter()
    subscribe(account, make_plan((meter, PerUnit(unit_price=Decimal(unit_price))), is_default=False))
    use(account, meter, hours)
    issue(now=now)
    return Invoice.objects.get(account=account, month=SEPTEMBER.key)


@contextmanager
def triggers_lifted() -> Iterator[None]:
    """The database as somebody with full rights over it could make it: without the guards of what is issued."""
    with connection.cursor() as cursor:
        for statement in [
            *triggers.remove(connection.vendor),
            *ledger_triggers.remove(connection.vendor),
            *correction_triggers.remove(connection.vendor),
            *closing_triggers.remove(connection.vendor),
            *note_usage.without_guards(connection.vendor),
            *amend_triggers.remove(connection.vendor),
        ]:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in [
                *triggers.install(connection.vendor),
                *ledger_triggers.install(connection.vendor),
                *correction_triggers.install(connection.vendor),
                *closing_triggers.install(connection.vendor),
                *note_usage.guards(connection.vendor),
                *amend_triggers.install(connection.vendor),
            ]:
                cursor.execute(statement)
