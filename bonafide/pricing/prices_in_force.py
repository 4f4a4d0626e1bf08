"""Every plan's prices as they stand in one month, and which plan each account is on; read whole, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan, Price, Subscription
from bonafide.pricing.rating import Terms, Withdrawn


@dataclass(frozen=True)
class PricedMeter:
    """A meter as a bill needs it; see :class:`bonafide.pricing.models.Meter`."""

    id: int
    code: str
    name_en: str
    name_fr: str
    unit: str
    scale: int
    aggregation: str
    group_by: str
    subject: str

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


@dataclass(frozen=True)
class Item:
    """One price in force: what is charged on a meter, or per period when there is none."""

    code: str
    name_en: str
    name_fr: str
    meter: PricedMeter | None
    terms: Terms
    valid_from: date
    sort: str = "standard"

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


@dataclass(frozen=True)
class PlanInForce:
    """A plan with its items in force, in the order of its price file."""

    id: int
    code: str
    name_en: str
    name_fr: str
    currency: str
    items: tuple[Item, ...]
    gross: bool = False

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


@dataclass(frozen=True)
class PriceBook:
    """What one month costs, for everybody."""

    month: Month
    plans: dict[int, PlanInForce]
    default_plan_id: int | None
    subscribed: dict[int, int]

    def plan_for(self, account_id: int) -> PlanInForce | None:
        """The plan an account is billed by: its latest subscription that overlaps the month, else the default plan, if any."""
        plan_id = self.subscribed.get(account_id, self.default_plan_id)
        return None if plan_id is None else self.plans[plan_id]


def price_book(*, month: Month) -> PriceBook:
    """Read the plans, the prices in force and the subscriptions of ``month``: three queries, however many accounts there are.

    A price's version in force is the latest that is valid from the first day of the month or earlier.
    """
    items = _items_in_force(month)
    rows = list(Plan.objects.order_by("pk"))
    plans = {
        plan.pk: PlanInForce(plan.pk, plan.code, plan.name_en, plan.name_fr, plan.currency, tuple(items[plan.pk]), plan.gross)
        for plan in rows
    }
    default = next((plan.pk for plan in rows if plan.is_default), None)
    subscriptions = (
        Subscription.objects.filter(starts_on__lte=month.last_day)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=month.first_day))
        .order_by("starts_on")
        .values_list("account_id", "plan_id")
    )
    return PriceBook(month=month, plans=plans, default_plan_id=default, subscribed=dict(subscriptions.iterator()))


def _items_in_force(month: Month) -> dict[int, list[Item]]:
    """By plan, in order of position."""
    latest: dict[tuple[int, str], Price] = {}
    for price in Price.objects.filter(valid_from__lte=month.first_day).select_related("meter").order_by("valid_from"):
        latest[price.plan_id, price.code] = price
    items: dict[int, list[Item]] = defaultdict(list)
    for price in sorted(latest.values(), key=lambda price: (price.position, price.code)):
        terms = Terms.from_json(price.terms)
        if isinstance(terms, Withdrawn):
            continue
        meter = None if price.meter is None else _priced(price.meter)
        items[price.plan_id].append(Item(price.code, price.name_en, price.name_fr, meter, terms, price.valid_from, price.sort))
    return items


def _priced(meter: Meter) -> PricedMeter:
    return PricedMeter(
        id=meter.pk,
        code=meter.code,
        name_en=meter.name_en,
        name_fr=meter.name_fr,
        unit=meter.unit,
        scale=meter.scale,
        aggregation=meter.aggregation,
        group_by=meter.group_by,
        subject=meter.subject,
    )
