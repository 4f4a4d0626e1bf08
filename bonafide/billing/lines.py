"""One account's measured usage and its plan become the lines of its bill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache, cached_property
from operator import attrgetter
from typing import NamedTuple

from bonafide.billing import wording
from bonafide.billing.computed import ComputedLine, Detail
from bonafide.billing.wording import LineWords
from bonafide.money import EXACT, ROUNDING, from_minor, is_currency, plain, text, to_minor
from bonafide.periods import Month
from bonafide.pricing.exchange import rate_for
from bonafide.pricing.models import ExchangeRate, Meter
from bonafide.pricing.prices_in_force import Item, PlanInForce, PriceBook, PricedMeter, price_book
from bonafide.pricing.rating import CostPlus, NegativeQuantity, PerUnit, Terms, rate, rate_change
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured

# Hours are measured in whole seconds; a bill shows them to the millionth.
HOUR_PLACES = Decimal("0.000001")
ONE = Decimal(1)


class Unbillable(Exception):
    """Why an account cannot be billed yet, as one plain line with the remedy; ``mend`` says where (``runs/mend.py``)."""

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Prices:
    """What lines are priced by, read once and kept for all accounts of a run."""

    def __init__(self, *, rate_of: Callable[..., ExchangeRate | None] = rate_for) -> None:
        self._book = cache(lambda month: price_book(month=month))
        self.exchange = cache(lambda base, quote, month: rate_of(base=base, quote=quote, month=month))
        self._codes = cache(lambda: dict(Meter.objects.values_list("pk", "code")))
        self._sheets: dict[tuple[int, Month, str], Sheet] = {}

    def sheet(self, account_id: int, month: Month, language: str) -> Sheet | None:
        """The account's plan in that month, in its language; none without a plan."""
        book: PriceBook = self._book(month)
        plan = book.plan_for(account_id)
        if plan is None:
            return None
        key = (plan.id, month, language)
        if key not in self._sheets:
            self._sheets[key] = Sheet(plan, month, language, self)
        return self._sheets[key]

    def meter_code(self, meter_id: int) -> str:
        return str(self._codes().get(meter_id, meter_id))


class Sheet:
    """A plan in one month and language."""

    def __init__(self, plan: PlanInForce, month: Month, language: str, prices: Prices) -> None:
        self.plan, self.month, self.language, self.prices = plan, month, language, prices
        self.entries = tuple(Entry(item, self) for item in plan.items)
        self.meters = frozenset(item.meter.id for item in plan.items if item.meter)


class Entry:
    """One price of a sheet, with the words for it."""

    def __init__(self, item: Item, sheet: Sheet) -> None:
        self.item, self.meter, self.terms, self.sheet = item, item.meter, item.terms, sheet
        self._words: LineWords | None = None

    @cached_property
    def exchange(self) -> ExchangeRate | None:
        """The rate that turns a provider's cost into the plan's currency; none when they are the same.

        :raises Unbillable: when staff entered none for the month.
        """
        meter, currency, month = self.meter, self.sheet.plan.currency, self.sheet.month
        if not isinstance(self.terms, CostPlus) or meter is None or meter.unit == currency:
            return None
        if not is_currency(meter.unit):
            raise Unbillable(
                f"price {self.item.code}: meter {meter.code} counts {meter.unit!r}, which is no currency to add a mark-up to",
                mend="price",
            )
        found = self.sheet.prices.exchange(meter.unit, currency, month)
        if found is None:
            raise Unbillable(
                f"no exchange rate from {meter.unit} to {currency} for {month}: enter it, for example "
                f"'bonafide prices rate {meter.unit} {currency} {month.last_day} 0.89 --source ECB'",
                mend="rate",
            )
        return found

    @cached_property
    def factor(self) -> Decimal:
        return Decimal(self.exchange.rate) if self.exchange else ONE

    def words(self, group: str) -> LineWords:
        """Words that name no group are the same for every account, so they are kept."""
        if group:
            return self._worded(group)
        if self._words is None:
            self._words = self._worded("")
        return self._words

    def _worded(self, group: str) -> LineWords:
        sheet = self.sheet
        return LineWords(self.item, group, sheet.month, sheet.language, sheet.plan.currency, self.exchange)

    def below_zero(self) -> Unbillable:
        code = self.meter.code if self.meter else self.item.code
        return Unbillable(
            f"usage of meter {code} in {self.sheet.month} adds up to less than zero, "
            f"which price {self.item.code} ({self.terms.model}) cannot bill: correct the usage",
            mend="usage",
        )


class _Sum(NamedTuple):
    """A quantity in the meter's own integer units, and what it was when its month was billed (zero when it was not)."""

    quantity: int
    before: int
    groups: tuple[tuple[str, int], ...]


NOTHING = _Sum(0, 0, ())


class Charge(NamedTuple):
    """One price (of one group, when it is split) and the usage that it comes to lines for; ``late`` when its month was billed."""

    entry: Entry
    group: str
    total: _Sum
    late: bool

    def lines(self) -> Iterator[ComputedLine]:
        if self.late and self.entry.meter is not None:
            yield _late_line(self.entry, self.entry.meter, self.group, self.total)
            return
        yield from _rated(self.entry, self.group, self.total)


def lines_of(
    *, account_id: int, measured: Sequence[Measured], month: Month, language: str, prices: Prices
) -> tuple[ComputedLine, ...]:
    """The lines of one account for ``month``: the plan's items in their order, then late usage, oldest month first.

    Without a plan and without usage there are none.

    :raises Unbillable: for usage without a plan or a price, or a cost in a currency without a rate.
    """
    charges = charges_of(account_id=account_id, measured=measured, month=month, language=language, prices=prices)
    return tuple(line for charge in charges for line in charge.lines())


def charges_of(*, account_id: int, measured: Sequence[Measured], month: Month, language: str, prices: Prices) -> Iterator[Charge]:
    """What the lines of one account for ``month`` are for, in their order; see :func:`lines_of`."""
    sheet = prices.sheet(account_id, month, language)
    if sheet is None:
        if not measured:
            return
        raise Unbillable(
            f"has usage in {month} but no plan: give it a subscription, or import prices with a default plan", mend="plan"
        )
    on_time = month.key
    yield from _of_month([row for row in measured if row.usage_month == on_time], sheet)
    for key in sorted({row.usage_month for row in measured} - {on_time}):
        then = prices.sheet(account_id, Month.from_key(key), language)
        yield from _late([row for row in measured if row.usage_month == key], Month.from_key(key), sheet.plan, then)


def _of_month(rows: list[Measured], sheet: Sheet) -> Iterator[Charge]:
    by_meter = _by_meter(rows, sheet)
    for entry in sheet.entries:
        if entry.meter is None:
            yield Charge(entry, "", NOTHING, late=False)
            continue
        of_meter = by_meter.get(entry.meter.id, [])
        if not of_meter and not entry.terms.owed_without_usage:
            continue
        for group, total in _sums(entry.terms, of_meter):
            yield Charge(entry, group, total, late=False)


def _late(rows: list[Measured], usage_month: Month, plan: PlanInForce, then: Sheet | None) -> Iterator[Charge]:
    """What usage that arrived after its month was billed changes, at the prices of that month."""
    if then is None or then.plan.currency != plan.currency:
        was = "no plan" if then is None else f"a plan in {then.plan.currency}"
        raise Unbillable(
            f"has late usage of {usage_month}, when it had {was}: give it a plan in {plan.currency} for that month", mend="plan"
        )
    by_meter = _by_meter(rows, then)
    for entry in then.entries:
        if entry.meter is None or entry.meter.id not in by_meter:
            continue
        for group, total in _sums(entry.terms, by_meter[entry.meter.id]):
            if total.quantity != total.before:
                yield Charge(entry, group, total, late=True)


def _by_meter(rows: Iterable[Measured], sheet: Sheet) -> dict[int, list[Measured]]:
    by_meter: dict[int, list[Measured]] = {}
    for row in rows:
        by_meter.setdefault(row.meter_id, []).append(row)
    for meter_id in sorted(by_meter.keys() - sheet.meters):
        raise Unbillable(
            f"has usage of meter {sheet.prices.meter_code(meter_id)} in {sheet.month}, which plan {sheet.plan.code} does not "
            f"price: import prices that do, valid from {sheet.month.first_day} or earlier",
            mend="price",
        )
    return by_meter


def _sums(terms: Terms, rows: Sequence[Measured]) -> Iterator[tuple[str, _Sum]]:
    """Each group of a price that is split, else the whole with its groups as details."""
    if len(rows) == 1 and not rows[0].group_key:  # most meters have no groups
        yield "", _Sum(rows[0].quantity, rows[0].before or 0, ())
        return
    ordered = sorted(rows, key=attrgetter("group_key"))
    if terms.split:
        for row in ordered:
            yield row.group_key, _Sum(row.quantity, row.before or 0, ())
        return
    groups = tuple((row.group_key, row.quantity) for row in ordered)
    yield "", _Sum(sum(row.quantity for row in ordered), sum(row.before or 0 for row in ordered), groups)


def _rated(entry: Entry, group: str, total: _Sum) -> Iterator[ComputedLine]:
    try:
        charged = rate(
            terms=entry.terms,
            quantity=_amount(total.quantity, entry.meter),
            currency=entry.sheet.plan.currency,
            exchange=entry.factor,
        )
    except NegativeQuantity:
        raise entry.below_zero() from None
    details = _details(entry, total.groups)
    words = entry.words(group)
    meter = entry.meter.code if entry.meter else ""
    for rated in charged:
        said, unit = words.of(rated)
        # what rate() gives is plain already, so its digits are its text
        quantity, unit_price = format(rated.quantity, "f"), format(rated.unit_price, "f")
        yield ComputedLine(said, meter, quantity, unit, unit_price, rated.net_minor, details, sort=entry.item.sort)
        details = ()  # said once, on the first line that the usage came to


def _late_line(entry: Entry, meter: PricedMeter, group: str, total: _Sum) -> ComputedLine:
    sheet = entry.sheet
    before, after = _amount(total.before, meter), _amount(total.quantity, meter)
    try:
        change = rate_change(terms=entry.terms, before=before, after=after, currency=sheet.plan.currency, exchange=entry.factor)
    except NegativeQuantity:
        raise entry.below_zero() from None
    quantity, unit_price, unit = _as_product(entry, EXACT.subtract(after, before), change)
    return ComputedLine(
        text=entry.words(group).late(before=before, after=after),
        meter=meter.code,
        quantity=text(quantity),
        unit=unit,
        unit_price=text(unit_price),
        net_minor=change,
        details=_details(entry, total.groups),
        sort=entry.item.sort,
    )


def _as_product(entry: Entry, added: Decimal, change: int) -> tuple[Decimal, Decimal, str]:
    """Quantity, unit price and unit of a change: what was added at its price where one price holds, else one amount.

    Rounding before and after apart can differ by a cent from rounding the difference; then, too, it is one amount.
    """
    currency = entry.sheet.plan.currency
    unit_price = _one_price(entry.terms, entry.factor)
    if unit_price is not None and entry.meter and to_minor(EXACT.multiply(added, unit_price), currency) == change:
        return added, unit_price, entry.meter.unit
    return ONE, from_minor(change, currency), "adjustment"


def _one_price(terms: Terms, factor: Decimal) -> Decimal | None:
    """The price of every unit, where there is just one."""
    if terms.included or terms.minimum:
        return None
    if isinstance(terms, PerUnit):
        return terms.unit_price
    if isinstance(terms, CostPlus):
        return EXACT.multiply(EXACT.add(ONE, terms.markup_percent.scaleb(-2, context=EXACT)), factor)
    return None


def _amount(quantity: int, meter: PricedMeter | None) -> Decimal:
    """A stored integer in the meter's unit: ``10**-scale`` of it, and for hours seconds on top."""
    if meter is None:
        return Decimal(0)
    exact = Decimal(quantity).scaleb(-meter.scale, context=EXACT)
    if meter.aggregation == "hours":
        return plain(ROUNDING.divide(exact, Decimal(SECONDS_AN_HOUR)).quantize(HOUR_PLACES, context=ROUNDING))
    return exact


def _details(entry: Entry, groups: tuple[tuple[str, int], ...]) -> tuple[Detail, ...]:
    if entry.meter is None or not any(key for key, _quantity in groups):
        return ()
    return tuple(
        {
            "label": key or wording.no_group(entry.sheet.language),
            "quantity": text(_amount(quantity, entry.meter)),
        }
        for key, quantity in groups
    )
