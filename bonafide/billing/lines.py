"""One account's measured usage and its plan become the lines of its bill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bonafide.billing import wording
from bonafide.billing.computed import ComputedLine, Detail
from bonafide.money import EXACT, ROUNDING, from_minor, is_currency, plain, to_minor
from bonafide.periods import Month
from bonafide.pricing.models import ExchangeRate
from bonafide.pricing.prices_in_force import Item, PlanInForce, PricedMeter
from bonafide.pricing.rating import CostPlus, NegativeQuantity, PerUnit, Terms, rate, rate_change
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured

# Hours are measured in whole seconds; a bill shows them to the millionth.
HOUR_PLACES = Decimal("0.000001")
ONE = Decimal(1)


class Unbillable(Exception):
    """Why an account cannot be billed yet, as one plain line with the remedy."""


@dataclass(frozen=True)
class Prices:
    """Where lines get prices from: ``plan(month)`` is the account's, ``exchange(base, quote, month)`` a rate staff entered."""

    plan: Callable[[Month], PlanInForce | None]
    exchange: Callable[[str, str, Month], ExchangeRate | None]
    meter_code: Callable[[int], str]


@dataclass(frozen=True)
class _Sum:
    """A quantity in the meter's own integer units, and what it was when its month was billed (zero when it was not)."""

    quantity: int
    before: int
    groups: tuple[tuple[str, int], ...]


def lines_of(*, measured: Sequence[Measured], month: Month, language: str, prices: Prices) -> tuple[ComputedLine, ...]:
    """The lines of one account for ``month``: the plan's items in their order, then late usage, oldest month first.

    Call within ``translation.override(language)``. Without a plan and without usage there are none.

    :raises Unbillable: for usage without a plan or a price, or a cost in a currency without a rate.
    """
    plan = prices.plan(month)
    if plan is None:
        if not measured:
            return ()
        raise Unbillable(f"has usage in {month} but no plan: give it a subscription, or import prices with a default plan")
    by_month: dict[Month, list[Measured]] = defaultdict(list)
    for row in measured:
        by_month[Month.from_key(row.usage_month)].append(row)
    lines = list(_of_month(by_month.pop(month, []), plan, month, language, prices))
    for usage_month in sorted(by_month):
        lines += _late(by_month[usage_month], plan, usage_month, language, prices)
    return tuple(lines)


def _of_month(rows: list[Measured], plan: PlanInForce, month: Month, language: str, prices: Prices) -> Iterator[ComputedLine]:
    by_meter = _by_meter(rows, plan, month, prices)
    for item in plan.items:
        if item.meter is None:
            yield from _rated(item, "", _Sum(0, 0, ()), plan, month, language, prices)
            continue
        of_meter = by_meter.get(item.meter.id, [])
        if not of_meter and not item.terms.owed_without_usage:
            continue
        for group, total in _sums(item, of_meter):
            yield from _rated(item, group, total, plan, month, language, prices)


def _late(rows: list[Measured], plan: PlanInForce, usage_month: Month, language: str, prices: Prices) -> Iterator[ComputedLine]:
    """What usage that arrived after its month was billed changes, at the prices of that month."""
    then = prices.plan(usage_month)
    if then is None or then.currency != plan.currency:
        was = "no plan" if then is None else f"a plan in {then.currency}"
        raise Unbillable(f"has late usage of {usage_month}, when it had {was}: give it a plan in {plan.currency} for that month")
    by_meter = _by_meter(rows, then, usage_month, prices)
    for item in then.items:
        if item.meter is None or item.meter.id not in by_meter:
            continue
        for group, total in _sums(item, by_meter[item.meter.id]):
            if total.quantity != total.before:
                yield _late_line(item, item.meter, group, total, then, usage_month, language, prices)


def _by_meter(rows: Iterable[Measured], plan: PlanInForce, month: Month, prices: Prices) -> dict[int, list[Measured]]:
    by_meter: dict[int, list[Measured]] = defaultdict(list)
    for row in rows:
        by_meter[row.meter_id].append(row)
    priced = {item.meter.id for item in plan.items if item.meter}
    for meter_id in sorted(by_meter.keys() - priced):
        raise Unbillable(
            f"has usage of meter {prices.meter_code(meter_id)} in {month}, which plan {plan.code} does not price: "
            f"import prices that do, valid from {month.first_day} or earlier"
        )
    return by_meter


def _sums(item: Item, rows: Sequence[Measured]) -> Iterator[tuple[str, _Sum]]:
    """Each group of a price that is split, else the whole with its groups as details."""
    ordered = sorted(rows, key=lambda row: row.group_key)
    if item.terms.split:
        for row in ordered:
            yield row.group_key, _Sum(row.quantity, row.before or 0, ())
        return
    groups = tuple((row.group_key, row.quantity) for row in ordered)
    yield "", _Sum(sum(row.quantity for row in ordered), sum(row.before or 0 for row in ordered), groups)


def _rated(
    item: Item, group: str, total: _Sum, plan: PlanInForce, month: Month, language: str, prices: Prices
) -> Iterator[ComputedLine]:
    exchange = _exchange(item, plan.currency, month, prices)
    try:
        charged = rate(
            terms=item.terms,
            quantity=_amount(total.quantity, item.meter),
            currency=plan.currency,
            exchange=Decimal(exchange.rate) if exchange else ONE,
        )
    except NegativeQuantity:
        raise _below_zero(item, month) from None
    details = _details(item.meter, total.groups)
    words = wording.LineWords(item, group, month, language, exchange)
    for rated in charged:
        yield ComputedLine(
            text=words.text(rated),
            meter=item.meter.code if item.meter else "",
            quantity=str(rated.quantity),
            unit=words.unit(rated),
            unit_price=str(rated.unit_price),
            net_minor=rated.net_minor,
            details=details,
        )
        details = ()  # said once, on the first line that the usage came to


def _late_line(
    item: Item,
    meter: PricedMeter,
    group: str,
    total: _Sum,
    plan: PlanInForce,
    month: Month,
    language: str,
    prices: Prices,
) -> ComputedLine:
    exchange = _exchange(item, plan.currency, month, prices)
    factor = Decimal(exchange.rate) if exchange else ONE
    before, after = _amount(total.before, meter), _amount(total.quantity, meter)
    try:
        change = rate_change(terms=item.terms, before=before, after=after, currency=plan.currency, exchange=factor)
    except NegativeQuantity:
        raise _below_zero(item, month) from None
    quantity, unit_price, unit = _as_product(item, EXACT.subtract(after, before), change, plan.currency, factor)
    return ComputedLine(
        text=wording.late_text(
            item=item,
            group=group,
            month=month,
            before=wording.with_unit(before, meter.unit, language),
            after=wording.with_unit(after, meter.unit, language),
            language=language,
        ),
        meter=meter.code,
        quantity=str(quantity),
        unit=unit,
        unit_price=str(unit_price),
        net_minor=change,
        details=_details(meter, total.groups),
    )


def _as_product(item: Item, added: Decimal, change: int, currency: str, factor: Decimal) -> tuple[Decimal, Decimal, str]:
    """Quantity, unit price and unit of a change: what was added at its price where one price holds, else one amount.

    Rounding before and after apart can differ by a cent from rounding the difference; then, too, it is one amount.
    """
    unit_price = _one_price(item.terms, factor)
    if unit_price is not None and item.meter and to_minor(EXACT.multiply(added, unit_price), currency) == change:
        return plain(added), plain(unit_price), item.meter.unit
    return ONE, plain(from_minor(change, currency)), wording.adjustment_unit()


def _one_price(terms: Terms, factor: Decimal) -> Decimal | None:
    if terms.included or terms.minimum:
        return None
    if isinstance(terms, PerUnit):
        return terms.unit_price
    if isinstance(terms, CostPlus):
        return _cost_price(terms, factor)
    return None


def _cost_price(terms: CostPlus, factor: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.add(ONE, terms.markup_percent.scaleb(-2, context=EXACT)), factor)


def _exchange(item: Item, currency: str, month: Month, prices: Prices) -> ExchangeRate | None:
    """The rate that turns a provider's cost into the plan's currency; none when they are the same.

    :raises Unbillable: when staff entered none for the month.
    """
    if not isinstance(item.terms, CostPlus) or item.meter is None or item.meter.unit == currency:
        return None
    base = item.meter.unit
    if not is_currency(base):
        raise Unbillable(f"price {item.code}: meter {item.meter.code} counts {base!r}, which is no currency to add a mark-up to")
    found = prices.exchange(base, currency, month)
    if found is None:
        raise Unbillable(
            f"no exchange rate from {base} to {currency} for {month}: enter it, for example "
            f"'bonafide prices rate {base} {currency} {month.last_day} 0.89 --source ECB'"
        )
    return found


def _below_zero(item: Item, month: Month) -> Unbillable:
    code = item.meter.code if item.meter else item.code
    return Unbillable(
        f"usage of meter {code} in {month} adds up to less than zero, which price {item.code} ({item.terms.model}) cannot bill: "
        "correct the usage"
    )


def _amount(quantity: int, meter: PricedMeter | None) -> Decimal:
    """A stored integer in the meter's unit: ``10**-scale`` of it, and for hours seconds on top."""
    if meter is None:
        return Decimal(0)
    exact = Decimal(quantity).scaleb(-meter.scale, context=EXACT)
    if meter.aggregation == "hours":
        return plain(ROUNDING.divide(exact, Decimal(SECONDS_AN_HOUR)).quantize(HOUR_PLACES, context=ROUNDING))
    return exact


def _details(meter: PricedMeter | None, groups: tuple[tuple[str, int], ...]) -> tuple[Detail, ...]:
    if meter is None or not any(key for key, _quantity in groups):
        return ()
    return tuple(
        {"label": key or wording.no_group(), "quantity": str(plain(_amount(quantity, meter)))} for key, quantity in groups
    )
