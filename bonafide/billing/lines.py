"""One account's measured usage and its plan become the lines of its bill."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from bonafide.accounts.models import Account
from bonafide.billing import wording
from bonafide.billing.computed import ComputedLine, Detail
from bonafide.billing.sheets import Entry, Prices, Sheet, Unbillable
from bonafide.money import EXACT, ROUNDING, from_minor, plain, text, to_minor
from bonafide.periods import Month
from bonafide.pricing.prices_in_force import PlanInForce, PricedMeter
from bonafide.pricing.rating import ONE, CostPlus, NegativeQuantity, PerUnit, Terms, rate, rate_change
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured
from bonafide.usage.measure_days import DaysUsed, measure_days

__all__ = ["Charge", "Prices", "Unbillable", "charges_of", "lines_of", "split_days"]

# Hours are measured in whole seconds; a bill shows them to the millionth.
HOUR_PLACES = Decimal("0.000001")


class _Sum(NamedTuple):
    """A quantity in the meter's own integer units, and what it was when its month was billed.

    ``before`` is None for a group of its own that was not billed then.
    """

    quantity: int
    before: int | None
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
    *,
    account: Account,
    measured: Sequence[Measured],
    month: Month,
    prices: Prices,
    days: Mapping[tuple[int, Month], DaysUsed],
    language: str = "",
) -> tuple[ComputedLine, ...]:
    """The lines of one account for ``month``: the plan's items in their order, then late usage, oldest month first.

    Without a plan and without usage there are none.

    :param days: of the months of accounts that are split, see :func:`split_days`.
    :param language: the account's, unless the bill has another.
    :raises Unbillable: for usage without a plan or a price, or a cost in a currency without a rate.
    """
    charges = charges_of(account=account, measured=measured, month=month, prices=prices, days=days, language=language)
    return tuple(line for charge in charges for line in charge.lines())


def split_days(
    *,
    accounts: Iterable[Account],
    measured: Mapping[int, Sequence[Measured]],
    month: Month,
    prices: Prices,
    until: datetime | None,
) -> dict[tuple[int, Month], DaysUsed]:
    """By account and month, the days of those that are priced by their days: a few queries a month, none where no month is split.

    :param measured: by account, as :func:`bonafide.usage.measure.measure` gives it.
    """
    split: dict[Month, list[int]] = {}
    for account in accounts:
        months = {Month.from_key(row.usage_month) for row in measured.get(account.pk, ())} | {month}
        for of in months:
            if prices.is_split(account, of):
                split.setdefault(of, []).append(account.pk)
    found: dict[tuple[int, Month], DaysUsed] = {}
    for of, ids in split.items():
        used = measure_days(bill_month=month, month=of, zone=prices.zone, account_ids=ids, until=until)
        found.update({(pk, of): days for pk, days in used.items()})
    return found


def charges_of(
    *,
    account: Account,
    measured: Sequence[Measured],
    month: Month,
    prices: Prices,
    days: Mapping[tuple[int, Month], DaysUsed],
    language: str = "",
) -> Iterator[Charge]:
    """What the lines of one account for ``month`` are for, in their order; see :func:`lines_of`."""
    language = language or account.language
    used = days.get((account.pk, month))
    sheets = prices.sheets(account, month, language, used)
    if not sheets:
        if not measured:
            return
        raise Unbillable(
            f"has usage in {month} but no plan: give it a subscription, or import prices with a default plan", mend="plan"
        )
    _one_currency(sheets)
    on_time = month.key
    yield from _of_month([row for row in measured if row.usage_month == on_time], sheets, used, account)
    for key in sorted({row.usage_month for row in measured} - {on_time}):
        of = Month.from_key(key)
        used = days.get((account.pk, of))
        then = prices.sheets(account, of, language, used)
        yield from _late([row for row in measured if row.usage_month == key], of, sheets[-1].plan, then, used, account)


def _one_currency(sheets: Sequence[Sheet]) -> None:
    """Plans of one bill are in one currency, and all with VAT or all without."""
    for sheet in sheets[:-1]:
        if sheet.plan.gross != sheets[-1].plan.gross:
            raise Unbillable(
                f"of its plans {sheet.plan.code} and {sheets[-1].plan.code} within {sheet.month} one has prices with VAT and one "
                f"without: let the change begin on {sheet.month.next().first_day}",
                mend="plan",
            )
        if sheet.plan.currency != sheets[-1].plan.currency:
            raise Unbillable(
                f"its plans {sheet.plan.code} ({sheet.plan.currency}) and {sheets[-1].plan.code} ({sheets[-1].plan.currency}) "
                f"are in two currencies within {sheet.month}: let the change begin on {sheet.month.next().first_day}",
                mend="plan",
            )


def _of_month(rows: list[Measured], sheets: Sequence[Sheet], used: DaysUsed | None, account: Account) -> Iterator[Charge]:
    by_meter = _by_meter(rows, sheets)
    if used:
        _all_priced(used, sheets, by_meter.keys(), account)
    for entry in (entry for sheet in sheets for entry in sheet.entries):
        if entry.meter is None:
            if entry.part is None or entry.part.owed:
                yield Charge(entry, "", NOTHING, late=False)
            continue
        of_meter = _used(entry, entry.meter, by_meter, used)
        if not of_meter and not entry.terms.owed_without_usage:
            continue
        for group, total in _sums(entry.terms, of_meter):
            yield Charge(entry, group, total, late=False)


def _late(
    rows: list[Measured],
    usage_month: Month,
    plan: PlanInForce,
    then: Sequence[Sheet],
    used: DaysUsed | None,
    account: Account,
) -> Iterator[Charge]:
    """What usage that arrived after its month was billed changes, at the prices of that month."""
    if then and then[-1].plan.gross != plan.gross:
        raise Unbillable(
            f"has late usage of {usage_month}, when its prices were {'with' if then[-1].plan.gross else 'without'} VAT: give "
            "it a plan like that for that month",
            mend="plan",
        )
    if not then or then[-1].plan.currency != plan.currency:
        was = f"a plan in {then[-1].plan.currency}" if then else "no plan"
        raise Unbillable(
            f"has late usage of {usage_month}, when it had {was}: give it a plan in {plan.currency} for that month", mend="plan"
        )
    by_meter = _by_meter(rows, then)
    if used:
        _all_priced(used, then, by_meter.keys(), account)
    for entry in (entry for sheet in then for entry in sheet.entries):
        if entry.meter is None or entry.meter.id not in by_meter:
            continue
        for group, total in _sums(entry.terms, _used(entry, entry.meter, by_meter, used)):
            if total.quantity != (total.before or 0) or (total.before is None and entry.terms.minimum):
                yield Charge(entry, group, total, late=True)


def _used(entry: Entry, meter: PricedMeter, by_meter: dict[int, list[Measured]], used: DaysUsed | None) -> list[Measured]:
    """What an entry prices: the month's usage of its meter, or that of its days."""
    if entry.part is None:
        return by_meter.get(meter.id, [])
    if used is None:
        raise RuntimeError("the days of a month that is split were not measured")
    return used.between(meter_id=meter.id, first=entry.part.first, until=entry.part.until)


def _all_priced(used: DaysUsed, sheets: Sequence[Sheet], meters: Collection[int], account: Account) -> None:
    """Every day with usage has a plan at its end, and that plan a price for it.

    What still exists after an account was closed is not counted; there is no other usage from then on.

    :raises Unbillable: naming the meter and the day.
    """
    zone = sheets[0].prices.zone
    closed = (account.closed_at - datetime.resolution).astimezone(zone).date() if account.closed_at else None
    for meter_id, day in used.used_days():
        if meter_id not in meters or any(_prices(sheet, meter_id, day) for sheet in sheets):
            continue
        if closed is not None and day > closed >= used.month.first_day:
            continue
        sheet = next((sheet for sheet in sheets if sheet.stay.first <= day < sheet.stay.until), None)
        code = sheets[0].prices.meter_code(meter_id)
        if sheet is None:
            raise Unbillable(
                f"has usage of meter {code} on {day}, when it had no plan: give it a subscription from that day on", mend="plan"
            )
        raise Unbillable(
            f"has usage of meter {code} on {day}, which plan {sheet.plan.code} does not price that day: "
            f"import prices that do, valid from {day} or earlier",
            mend="price",
        )


def _prices(sheet: Sheet, meter_id: int, day: date) -> bool:
    return sheet.stay.first <= day < sheet.stay.until and any(
        entry.meter and entry.meter.id == meter_id and (entry.part is None or entry.part.has(day)) for entry in sheet.entries
    )


def _by_meter(rows: Iterable[Measured], sheets: Sequence[Sheet]) -> dict[int, list[Measured]]:
    by_meter: dict[int, list[Measured]] = {}
    for row in rows:
        by_meter.setdefault(row.meter_id, []).append(row)
    last = sheets[-1]
    for meter_id in sorted(by_meter.keys() - last.meters - frozenset().union(*(sheet.meters for sheet in sheets[:-1]))):
        raise Unbillable(
            f"has usage of meter {last.prices.meter_code(meter_id)} in {last.month}, which plan {last.plan.code} does not "
            f"price: import prices that do, valid from {last.month.first_day} or earlier",
            mend="price",
        )
    return by_meter


def _sums(terms: Terms, rows: Sequence[Measured]) -> Iterator[tuple[str, _Sum]]:
    """Each group of a price that is split, else the whole with its groups as details."""
    if len(rows) == 1 and not rows[0].group_key:  # most meters have no groups
        before = rows[0].before
        yield "", _Sum(rows[0].quantity, before if terms.split else before or 0, ())
        return
    ordered = sorted(rows, key=attrgetter("group_key"))
    if terms.split:
        for row in ordered:
            yield row.group_key, _Sum(row.quantity, row.before, ())
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
    before, after = _amount(total.before or 0, meter), _amount(total.quantity, meter)
    try:
        change = rate_change(
            terms=entry.terms,
            before=None if total.before is None else before,
            after=after,
            currency=sheet.plan.currency,
            exchange=entry.factor,
        )
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
