"""Write what a price file declares: all of it or nothing, and nothing the second time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction

from bonafide.accounts.models import Account
from bonafide.money import is_currency
from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.meters import FIXED, cost_meter_code, cost_meter_values, ensure_cost_meter
from bonafide.pricing.models import Meter, Plan, Price
from bonafide.pricing.price_file import (
    DeclaredMeter,
    DeclaredPlan,
    DeclaredPrice,
    PriceFileRefused,
    read_price_file,
)
from bonafide.pricing.prices_in_force import price_book
from bonafide.pricing.rating import CostPlus, Graduated, Package, Volume

# What a new plan does with a part of a month when its file does not say; a plan that exists keeps what it does.
PRORATION = Plan.Proration.DAY


@dataclass(frozen=True)
class ImportedPrices:
    """What an import did. ``upcoming`` counts those of the new and changed prices that begin after the day of the import;
    ``former_default`` is the code of the plan that was the default until now, when another took its place.
    """

    name: str
    meters_added: int
    meters_renamed: int
    plans_added: int
    plans_changed: int
    prices_added: int
    prices_changed: int
    prices_unchanged: int
    upcoming: int
    former_default: str

    @property
    def changed(self) -> bool:
        return any(
            (
                self.meters_added,
                self.meters_renamed,
                self.plans_added,
                self.plans_changed,
                self.prices_added,
                self.prices_changed,
            )
        )


def import_prices(*, text: str, name: str, today: date) -> ImportedPrices:
    """Add and replace the meters, plans and prices of a file; what it does not mention stays as it is.

    :param name: the file's name, for messages.
    :raises PriceFileRefused: for a wrong file, a changed meter, or a price that a closed month was billed by; nothing is
        written then.
    """
    file = read_price_file(text=text, name=name)
    with transaction.atomic():
        closed = hold_closed_months()
        former = Plan.objects.filter(is_default=True).first()
        renamed = [_write_meter(declared) for declared in file.meters]
        written = [_write_plan(declared, closed) for declared in file.plans]
        outcomes = [
            (outcome, price)
            for declared, plan, made in written
            # No bill was made by a plan that is new, so its prices may reach back as far as they like.
            for outcome, price in _write_prices(declared, plan, () if made == "added" else closed)
        ]
    return ImportedPrices(
        name=name,
        meters_added=renamed.count("added"),
        meters_renamed=renamed.count("changed"),
        plans_added=sum(outcome == "added" for _, _, outcome in written),
        plans_changed=sum(outcome == "changed" for _, _, outcome in written),
        prices_added=sum(outcome == "added" for outcome, _ in outcomes),
        prices_changed=sum(outcome == "changed" for outcome, _ in outcomes),
        prices_unchanged=sum(outcome == "unchanged" for outcome, _ in outcomes),
        upcoming=sum(outcome != "unchanged" and price.valid_from > today for outcome, price in outcomes),
        former_default=former.code if former and not Plan.objects.filter(pk=former.pk, is_default=True).exists() else "",
    )


def _write_meter(declared: DeclaredMeter) -> str:
    """Add a meter, or give it new names; what has been counted depends on everything else."""
    entry, place = declared.entry, declared.place
    fixed = {
        "unit": entry.unit,
        "aggregation": entry.aggregation,
        "scale": entry.decimals,
        "group_by": entry.group_by,
        "subject": entry.subject,
    }
    names = {"name_en": entry.name.en, "name_fr": entry.name.fr}
    meter = Meter.objects.filter(code=entry.code).first()
    kept = {field: getattr(meter, field) for field in FIXED} if meter else _reserved(entry.code)
    for field, value in fixed.items():
        if kept and kept[field] != value:
            raise place.refuse(
                f".{field} = {value!r}: the meter of this code has {kept[field]!r}, which cannot change; declare a new code"
            )
    if meter is None:
        Meter.objects.create(code=entry.code, **names, **fixed)
        return "added"
    return _set(meter, **names)


def _reserved(code: str) -> dict[str, object]:
    """The fixed fields of a code that usage files create by themselves; empty for any other code."""
    currency = code.removeprefix("focus-").upper()
    if is_currency(currency) and code == cost_meter_code(currency):
        return {field: cost_meter_values(currency)[field] for field in FIXED}
    return {}


def _write_plan(declared: DeclaredPlan, closed: Sequence[Month]) -> tuple[DeclaredPlan, Plan, str]:
    head, place = declared.head, declared.place
    names = {"name_en": head.name.en, "name_fr": head.name.fr, "offer": head.offer.model_dump() if head.offer else None}
    plan = Plan.objects.filter(code=head.code).first()
    if head.offer and plan and plan.is_default:
        raise place.refuse(".offer: this is the default plan, which serves who ordered nothing; offer another plan")
    proration = head.proration or (plan.proration if plan else PRORATION)
    if head.offer and proration == Plan.Proration.NONE:
        raise place.refuse(
            ".offer: who orders it is told that a part of a month is owed in part, but "
            'proration is "none": write "day" or "second"'
        )
    if head.default:
        _move_default(declared, plan, closed)
    if plan is None:
        plan = Plan.objects.create(
            code=head.code,
            currency=head.currency,
            gross=head.vat == "included",
            is_default=bool(head.default),
            proration=proration,
            **names,
        )
        return declared, plan, "added"
    if plan.currency != head.currency and any(month in closed for month in _months_since_first_price(plan, closed)):
        raise place.refuse(
            f".currency = {head.currency}: closed months were billed in {plan.currency}; declare a plan of another code"
        )
    if plan.gross != (head.vat == "included") and any(month in closed for month in _months_since_first_price(plan, closed)):
        was = "included" if plan.gross else "excluded"
        raise place.refuse(f".vat = {head.vat}: closed months were billed with VAT {was}; declare a plan of another code")
    if plan.is_default and head.default is False:
        raise place.refuse(".default = false: this is the default plan; make another plan the default instead")
    values = {**names, "gross": head.vat == "included", **_proration(declared, plan, closed)}
    return declared, plan, _set(plan, currency=head.currency, is_default=plan.is_default or bool(head.default), **values)


def _proration(declared: DeclaredPlan, plan: Plan, closed: Sequence[Month]) -> dict[str, object]:
    """What changes when a file says another proration than the plan has: closed months stay as they were billed.

    A plan that billed whole months goes over to parts of months with the first month that is open. What was prorated in a closed
    month stays so, as a plan keeps one kind of it.
    """
    wanted = declared.head.proration
    if wanted is None or wanted == plan.proration:
        return {}
    billed = _months_since_first_price(plan, closed)
    prorated = [month for month in billed if plan.proration_in(month) != Plan.Proration.NONE]
    if prorated:
        raise declared.place.refuse(
            f'.proration = "{wanted}": month {prorated[-1]} is closed and was billed with "{plan.proration}", and a plan keeps '
            f"one kind; declare a plan of another code and let accounts change to it on {closed[-1].next().first_day} or later"
        )
    begins = billed[-1].next().first_day if billed and wanted != Plan.Proration.NONE.value else None
    return {"proration": wanted, "prorated_from": begins}


def _months_since_first_price(plan: Plan, closed: Sequence[Month]) -> list[Month]:
    first = plan.prices.order_by("valid_from").values_list("valid_from", flat=True).first()
    return [month for month in closed if first is not None and month.last_day >= first]


def _move_default(declared: DeclaredPlan, plan: Plan | None, closed: Sequence[Month]) -> None:
    """Take the mark off the plan that had it; a closed month was billed by it to everybody without a subscription."""
    former = Plan.objects.filter(is_default=True).first()
    if former is None:
        _refuse_filled_gaps(declared, closed)
        return
    if former == plan:
        return
    if _months_since_first_price(former, closed):
        raise declared.place.refuse(
            f".default = true: closed months were billed by the default plan {former.code}; "
            "change the prices of that plan from a later month, or give accounts a subscription to this one"
        )
    _set(former, is_default=False)


def _refuse_filled_gaps(declared: DeclaredPlan, closed: Sequence[Month]) -> None:
    """A first default plan would also be that of days without a subscription, which prorated bills of closed months left out."""
    zone = settings.OPERATOR.zone
    for month in closed:
        book = price_book(month=month, zone=zone)
        for account in Account.objects.filter(pk__in=book.partial):
            if book.has_gaps(account_id=account.pk, opened=account.created_at, closed=account.closed_at):
                raise declared.place.refuse(
                    f".default = true: month {month} is closed and {account} had days without a plan in it, which a default plan "
                    "would have; give accounts a subscription to this plan instead"
                )


def _write_prices(declared: DeclaredPlan, plan: Plan, closed: Sequence[Month]) -> list[tuple[str, Price]]:
    rows = {(price.code, price.valid_from): price for price in plan.prices.select_related("meter")}
    positions: dict[str, int] = {}
    for row in rows.values():
        positions[row.code] = row.position
    starts: dict[str, set[date]] = {}
    for code, valid_from in [*rows, *((price.head.code, price.head.valid_from) for price in declared.prices)]:
        starts.setdefault(code, set()).add(valid_from)
    outcomes = []
    for price in declared.prices:
        head = price.head
        _refuse_within_whole_month(price, plan)
        position = positions.setdefault(head.code, max(positions.values(), default=0) + 1)
        row = rows.get((head.code, head.valid_from)) or Price(
            plan=plan, code=head.code, valid_from=head.valid_from, position=position
        )
        meter = _meter_of(price)
        values = {
            "meter": meter,
            "name_en": head.name.en,
            "name_fr": head.name.fr,
            "terms": price.terms.to_json(),
            "sort": head.tax,
        }
        if row.pk is not None and all(getattr(row, field) == value for field, value in values.items()):
            outcomes.append(("unchanged", row))
            continue
        if not _first_of_its_meter(price, meter, rows.values()):
            until = min((day for day in starts[head.code] if day > head.valid_from), default=None)
            _refuse_in_closed_months(price, until, closed, plan)
        outcome = "added" if row.pk is None else "changed"
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
        outcomes.append((outcome, row))
    return outcomes


def _first_of_its_meter(price: DeclaredPrice, meter: Meter | None, rows: Iterable[Price]) -> bool:
    """Whether the plan had no price for this meter, and owes nothing for it where there was no usage.

    Then no bill changes by it: an account with such usage could not be billed, and is only now.
    """
    return (
        meter is not None
        and not price.terms.owed_without_usage
        and all(row.meter != meter and row.code != price.head.code for row in rows)
    )


def _refuse_within_whole_month(price: DeclaredPrice, plan: Plan) -> None:
    """A price of a plan that bills whole months holds for whole months."""
    start = price.head.valid_from
    if start.day != 1 and plan.proration_in(Month(start.year, start.month)) == Plan.Proration.NONE:
        raise price.place.refuse(
            f".valid_from = {start}: plan {plan.code} bills whole months in {Month(start.year, start.month)}; expected the first "
            f'day of a month, such as {start.replace(day=1)}, or proration = "day" in the plan'
        )


def _refuse_in_closed_months(price: DeclaredPrice, until: date | None, closed: Sequence[Month], plan: Plan) -> None:
    """A price may not be added or changed where it is, or would have been, in force on a day that a closed month was billed by.

    Those are all its days, and for a plan that bills whole months the first.
    """
    start = price.head.valid_from
    touched = [
        month
        for month in closed
        if start <= (month.first_day if plan.proration_in(month) == Plan.Proration.NONE else month.last_day)
        and (until is None or month.first_day < until)
    ]
    if touched:
        raise price.place.refuse(
            f".valid_from = {start}: month {touched[-1]} is closed and was billed without this change; "
            f"give it a later valid_from, {closed[-1].next().first_day} or after"
        )


def _meter_of(price: DeclaredPrice) -> Meter | None:
    """The meter that a price names; the one of a provider's cost is made when it is first named."""
    code, place = price.head.meter, price.place
    if code is None:
        return None
    meter = Meter.objects.filter(code=code).first()
    if meter is None and _reserved(code):
        meter = ensure_cost_meter(currency=code.removeprefix("focus-").upper())
    if meter is None:
        raise place.refuse(f'.meter = "{code}": no such meter; declare it under [[meters]] or correct the code')
    _refuse_mismatch(price, meter)
    return meter


def _refuse_mismatch(price: DeclaredPrice, meter: Meter) -> None:
    """Terms that the meter's quantities do not fit."""
    terms, place = price.terms, price.place
    if terms.split and not meter.group_by:
        raise place.refuse(f".split = true: meter {meter.code} has no group_by to split by; remove split, or declare a new meter")
    if isinstance(terms, CostPlus) and not (is_currency(meter.unit) and meter.aggregation == Meter.Aggregation.SUM):
        raise place.refuse(
            f'.meter = "{meter.code}": cost-plus needs a sum whose unit is a currency, but this is a '
            f"{meter.aggregation} of {meter.unit}"
        )
    if isinstance(terms, Graduated | Volume | Package) and _reserved(meter.code):
        raise place.refuse(
            f'.meter = "{meter.code}": a cost can be below zero (a credit), which model {terms.model} cannot price; '
            "use cost-plus or per-unit"
        )


def _set(row: Meter | Plan, **values: object) -> str:
    """Save the fields that differ."""
    differing = [field for field, value in values.items() if getattr(row, field) != value]
    for field in differing:
        setattr(row, field, values[field])
    if differing:
        row.save(update_fields=differing)
    return "changed" if differing else "unchanged"


__all__ = ["ImportedPrices", "PriceFileRefused", "import_prices"]
