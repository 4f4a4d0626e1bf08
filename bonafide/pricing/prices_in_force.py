"""Every plan's prices as they stand in one month, and which plan each account is on; read whole, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan, Price, Subscription
from bonafide.pricing.rating import Terms, Withdrawn
from bonafide.pricing.stays import Stay, Subscribed, stays_in, whole_stay


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
class Version:
    """An item as it is from one day to before another, both within the month or at its ends."""

    since: date
    until: date
    item: Item


@dataclass(frozen=True)
class PlanInForce:
    """A plan with its items in force on the first of the month, in the order of its price file.

    ``versions`` are those of each price of a prorated plan through the month, in the same order; a plan without proration keeps
    for all of the month what is in force on its first day.
    """

    id: int
    code: str
    name_en: str
    name_fr: str
    currency: str
    items: tuple[Item, ...]
    gross: bool = False
    proration: str = "none"
    versions: tuple[tuple[Version, ...], ...] = ()

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


@dataclass(frozen=True)
class PriceBook:
    """What one month costs, for everybody.

    ``subscribed`` is each account's latest plan; ``partial`` holds the subscriptions of the accounts whose month is not all
    one subscription's.
    """

    month: Month
    zone: ZoneInfo
    plans: dict[int, PlanInForce]
    default_plan_id: int | None
    subscribed: dict[int, int]
    partial: dict[int, tuple[Subscribed, ...]]
    start: datetime
    end: datetime
    whole: dict[int, tuple[Stay, ...]]

    def plan_for(self, account_id: int) -> PlanInForce | None:
        """The plan of the account's latest subscription that overlaps the month, else the default plan, if any.

        Its currency is that of the account's bill.
        """
        plan_id = self.subscribed.get(account_id, self.default_plan_id)
        return None if plan_id is None else self.plans[plan_id]

    def stays_for(self, *, account_id: int, opened: datetime, closed: datetime | None) -> tuple[Stay, ...]:
        """On which plans the account is within the month, see :func:`bonafide.pricing.stays.stays_in`; none without a plan."""
        plan_id = self.subscribed.get(account_id, self.default_plan_id)
        if plan_id is None:
            return ()
        if self.plans[plan_id].proration == "none" or not (
            account_id in self.partial
            or (account_id not in self.subscribed and self.start < opened < self.end)
            or (closed is not None and self.start < closed < self.end)
        ):
            return self.whole[plan_id]
        return self._stays(account_id, self.default_plan_id, opened, closed)

    def begins_subscribed(self, account_id: int, opened: datetime) -> bool:
        """Whether a subscription, and not the default plan, had the account from its first moment."""
        return any(one.start(self.zone) <= opened for one in self.partial.get(account_id, ()))

    def has_gaps(self, *, account_id: int, opened: datetime, closed: datetime | None) -> bool:
        """Whether a default plan, where there is none, would have a part of the account's prorated month."""
        stays = self._stays(account_id, None, opened, closed)
        return self._stays(account_id, stays[0].plan_id, opened, closed) != stays if stays else False

    def _stays(self, account_id: int, default: int | None, opened: datetime, closed: datetime | None) -> tuple[Stay, ...]:
        plan_id = self.subscribed.get(account_id, default)
        subscriptions = self.partial.get(account_id, ())
        if not subscriptions and plan_id is not None and account_id in self.subscribed:
            subscriptions = (Subscribed(plan_id, self.month.first_day, None),)
        return stays_in(
            month=self.month,
            zone=self.zone,
            subscriptions=subscriptions,
            default=default,
            proration={pk: plan.proration for pk, plan in self.plans.items()},
            opened=opened,
            closed=closed,
        )


def price_book(*, month: Month, zone: ZoneInfo) -> PriceBook:
    """Read the plans, the prices in force and the subscriptions of ``month``: three queries, however many accounts there are.

    A price's version in force on a day is the latest that is valid from that day or earlier.
    """
    rows = list(Plan.objects.order_by("pk"))
    proration = {plan.pk: plan.proration_in(month) for plan in rows}
    versions = _versions(month, proration)
    plans = {plan.pk: _plan(plan, month, proration[plan.pk], versions.get(plan.pk, ())) for plan in rows}
    default = next((plan.pk for plan in rows if plan.is_default), None)
    subscribed, partial = _subscriptions(month, zone, proration)
    return PriceBook(
        month=month,
        zone=zone,
        plans=plans,
        default_plan_id=default,
        subscribed=subscribed,
        partial=partial,
        start=month.start(zone),
        end=month.end(zone),
        whole={pk: (whole_stay(month=month, plan_id=pk, proration=kind, zone=zone),) for pk, kind in proration.items()},
    )


def _subscriptions(
    month: Month, zone: ZoneInfo, proration: dict[int, str]
) -> tuple[dict[int, int], dict[int, tuple[Subscribed, ...]]]:
    """Each account's latest plan, and the subscriptions of accounts that are on a prorated one and not all month long."""
    start, end = month.start(zone), month.end(zone)
    rows = (
        Subscription.objects.filter(starts_on__lte=month.last_day)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=month.first_day) | Q(ends_at__gt=start))
        .order_by("starts_on")
        .values_list("account_id", "plan_id", "starts_on", "ends_on", "starts_at", "ends_at")
    )
    latest: dict[int, int] = {}
    partial: dict[int, list[Subscribed]] = {}
    whole: dict[int, int] = {}  # of a subscription that lasts all month, its plan
    for account_id, plan_id, starts_on, ends_on, starts_at, ends_at in rows.iterator():
        latest[account_id] = plan_id
        lasts = (starts_on <= month.first_day and (starts_at is None or starts_at <= start)) and (
            ends_on is None or ends_on > month.last_day or (ends_at is not None and ends_at >= end)
        )
        if lasts:
            whole[account_id] = plan_id
        else:
            partial.setdefault(account_id, []).append(Subscribed(plan_id, starts_on, ends_on, starts_at, ends_at))
    found = {pk: tuple(some) for pk, some in partial.items() if proration[latest[pk]] != "none" and pk not in whole}
    return latest, found


def _plan(plan: Plan, month: Month, proration: str, versions: tuple[tuple[Version, ...], ...]) -> PlanInForce:
    first = month.first_day
    items = tuple(version.item for some in versions for version in some if version.since == first)
    kept = versions if proration != "none" else ()
    return PlanInForce(
        plan.pk, plan.code, plan.name_en, plan.name_fr, plan.currency, items, gross=plan.gross, proration=proration, versions=kept
    )


def _versions(month: Month, proration: dict[int, str]) -> dict[int, tuple[tuple[Version, ...], ...]]:
    """By plan, in order of position, the versions of each price through the month."""
    first, end = month.first_day, month.next().first_day
    rows: dict[tuple[int, str], list[Price]] = defaultdict(list)
    for price in Price.objects.filter(valid_from__lt=end).select_related("meter").order_by("valid_from"):
        of_code = rows[price.plan_id, price.code]
        if price.valid_from <= first:
            of_code.clear()
        elif proration[price.plan_id] == "none":
            continue
        of_code.append(price)
    found: dict[int, list[tuple[Version, ...]]] = defaultdict(list)
    for (plan_id, _code), prices in sorted(rows.items(), key=lambda one: (one[1][-1].position, one[0][1]) if one[1] else (0, "")):
        ends = [*(price.valid_from for price in prices[1:]), end]
        versions = tuple(
            Version(max(first, price.valid_from), until, _item(price, terms))
            for price, until in zip(prices, ends, strict=False)
            if not isinstance(terms := Terms.from_json(price.terms), Withdrawn)
        )
        if versions:
            found[plan_id].append(versions)
    return {plan_id: tuple(some) for plan_id, some in found.items()}


def _item(price: Price, terms: Terms) -> Item:
    meter = None if price.meter is None else _priced(price.meter)
    return Item(price.code, price.name_en, price.name_fr, meter, terms, price.valid_from, price.sort)


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
