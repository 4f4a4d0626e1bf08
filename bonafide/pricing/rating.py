"""A quantity and the terms of a price become amounts. Pure: no Django, no clock, no database.

Each line's net is its quantity times its unit price, exact, then rounded half up to minor units once. Every product is taken
in :data:`bonafide.money.EXACT`, which raises rather than lose a digit.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from bonafide.money import EXACT, from_minor, plain, scaled, to_minor

Kind = Literal["flat", "unit", "tier", "package", "included", "cost", "minimum"]

ZERO = Decimal(0)
ONE = Decimal(1)
# What a bill can print in full: twelve decimals, also after a markup was multiplied by an exchange rate (4 + 8).
PRICE_DECIMALS = 12
MARKUP_DECIMALS = 2
EXCHANGE_DECIMALS = 8


class TermsError(ValueError):
    """Terms that mean nothing: the field at fault (a path such as ``tiers.2.up_to``), its value, and what was expected."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field} = {value}: {expected}")
        self.field, self.value, self.expected = field, value, expected


class NegativeQuantity(ValueError):
    """A quantity below zero under terms that have no meaning for it (tiers and packages)."""


class Rated(NamedTuple):
    """One line: ``net_minor`` is ``quantity * unit_price`` in minor units, rounded half up once.

    Tier bounds count units beyond the allowance, ``tier_from`` exclusive and ``tier_to`` inclusive (``None``: open); they are
    given on lines of kind "tier" and on the "flat" fee of a tier, and ``None`` elsewhere. Numbers are plain: see :func:`plain`.
    """

    kind: Kind
    quantity: Decimal
    unit_price: Decimal
    net_minor: int
    tier_from: Decimal | None = None
    tier_to: Decimal | None = None


@dataclass(frozen=True)
class Tier:
    """A step of a price: up to and including ``up_to`` units (``None``: no end), with a fee owed once it is entered."""

    up_to: Decimal | None
    unit_price: Decimal
    flat: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Terms(ABC):
    """How a quantity is priced; one subclass per model.

    ``included`` units are free, and tiers and packages count what is beyond them. ``minimum`` is the least that a period
    comes to, in the plan's currency. With ``split`` each group of the meter is rated apart: allowance, tiers, rounding and
    minimum are then each group's own.

    :raises TermsError: from the constructor, when a field makes no sense.
    """

    model: ClassVar[str]
    included: Decimal = ZERO
    minimum: Decimal = ZERO
    split: bool = False

    def __post_init__(self) -> None:
        _amount("included", self.included)
        _amount("minimum", self.minimum)

    @abstractmethod
    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        """The lines for what is beyond the allowance, without the minimum."""

    @property
    def metered(self) -> bool:
        """Whether there is a meter whose quantity is priced."""
        return True

    @property
    def owed_without_usage(self) -> bool:
        """Whether a period without any usage still comes to something."""
        return self.minimum > 0 and not self.split

    def to_json(self) -> str:
        """The one canonical text of these terms: sorted keys, decimals as plain text, what is left at its default left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        kept = {name: _text(value) for name, value in given.items() if value != defaults[name]}
        return json.dumps({"model": self.model, **kept}, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Terms:
        """Terms from their canonical text.

        :raises TermsError: for an unknown model or impossible values.
        """
        values: dict[str, Any] = json.loads(text)
        model = values.pop("model", None)
        if model not in MODELS:
            raise TermsError("model", model, f"expected one of {', '.join(MODELS)}")
        kind = MODELS[model]
        names = {field.name for field in fields(kind)}
        required = {field.name for field in fields(kind) if field.default is MISSING}
        if not required <= values.keys() <= names:
            raise TermsError("model", model, f"expected the fields {', '.join(sorted(names))}")
        return kind(**{name: _value(name, value) for name, value in values.items()})


@dataclass(frozen=True, kw_only=True)
class Flat(Terms):
    """An amount per period, whatever was used."""

    model: ClassVar[str] = "flat"
    amount: Decimal

    def __post_init__(self) -> None:
        _amount("amount", self.amount)
        _absent("included", self.included, "a flat amount has no allowance: remove it")
        _absent("minimum", self.minimum, "a flat amount is its own minimum: remove it")
        if self.split:
            raise TermsError("split", "true", "a flat amount has no groups: remove it")

    @property
    def metered(self) -> bool:
        return False

    @property
    def owed_without_usage(self) -> bool:
        return True

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        return (_rated("flat", ONE, self.amount, currency),)


@dataclass(frozen=True, kw_only=True)
class PerUnit(Terms):
    """One price for every unit; a quantity below zero (a correction) keeps its sign."""

    model: ClassVar[str] = "per-unit"
    unit_price: Decimal

    def __post_init__(self) -> None:
        super().__post_init__()
        _amount("unit_price", self.unit_price)

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        return (_rated("unit", quantity, self.unit_price, currency),)


@dataclass(frozen=True, kw_only=True)
class _Tiered(Terms):
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tiers:
            raise TermsError("tiers", "[]", "expected at least one tier")
        below = ZERO
        for number, tier in enumerate(self.tiers, start=1):
            _amount(f"tiers.{number}.unit_price", tier.unit_price)
            _amount(f"tiers.{number}.flat", tier.flat)
            last = number == len(self.tiers)
            if tier.up_to is None:
                if not last:
                    raise TermsError(f"tiers.{number}.up_to", "missing", "only the last tier is without an end")
                continue
            _amount(f"tiers.{number}.up_to", tier.up_to)
            if tier.up_to <= below:
                raise TermsError(f"tiers.{number}.up_to", tier.up_to, f"expected more than {below}, where the tier begins")
            if last:
                raise TermsError(f"tiers.{number}.up_to", tier.up_to, "the last tier has no end: remove up_to, or add a tier")
            below = tier.up_to

    @cached_property
    def _steps(self) -> tuple[tuple[Decimal, Tier], ...]:
        """Each tier with the quantity at which it begins."""
        starts = (ZERO, *(tier.up_to for tier in self.tiers if tier.up_to is not None))
        return tuple(zip(starts, self.tiers, strict=True))


@dataclass(frozen=True, kw_only=True)
class Graduated(_Tiered):
    """Each unit at the price of the tier it falls in."""

    model: ClassVar[str] = "graduated"

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        _not_negative(quantity, self.model)
        lines: list[Rated] = []
        for start, tier in self._steps:
            if lines and quantity <= start:
                break
            end = quantity if tier.up_to is None else min(quantity, tier.up_to)
            lines += _tier_lines(tier, start, EXACT.subtract(end, start), currency)
        return tuple(lines)


@dataclass(frozen=True, kw_only=True)
class Volume(_Tiered):
    """Every unit at the price of the one tier that the whole quantity reaches."""

    model: ClassVar[str] = "volume"

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        _not_negative(quantity, self.model)
        start, tier = next(step for step in self._steps if step[1].up_to is None or quantity <= step[1].up_to)
        return tuple(_tier_lines(tier, start, quantity, currency))


@dataclass(frozen=True, kw_only=True)
class Package(Terms):
    """A price for every package of ``size`` units that was started."""

    model: ClassVar[str] = "package"
    size: Decimal
    price: Decimal

    def __post_init__(self) -> None:
        super().__post_init__()
        _amount("price", self.price)
        _amount("size", self.size)
        if not self.size:
            raise TermsError("size", self.size, "expected more than 0")

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        _not_negative(quantity, self.model)
        whole, rest = EXACT.divmod(quantity, self.size)
        return (_rated("package", EXACT.add(whole, ONE if rest else ZERO), self.price, currency),)


@dataclass(frozen=True, kw_only=True)
class CostPlus(Terms):
    """A provider's cost plus ``markup_percent`` of it. The quantity is money of the meter's unit; a credit keeps its sign."""

    model: ClassVar[str] = "cost-plus"
    markup_percent: Decimal

    def __post_init__(self) -> None:
        super().__post_init__()
        _absent("included", self.included, "a cost has no allowance: remove it")
        _decimals("markup_percent", self.markup_percent, MARKUP_DECIMALS)
        if not -100 <= self.markup_percent <= 10_000:
            raise TermsError("markup_percent", self.markup_percent, "expected between -100 and 10000")

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        factor = EXACT.add(ONE, self.markup_percent.scaleb(-2, context=EXACT))
        return (_rated("cost", quantity, EXACT.multiply(factor, exchange), currency),)


@dataclass(frozen=True, kw_only=True)
class Withdrawn(Terms):
    """No longer offered: from its date on the price is on no bill."""

    model: ClassVar[str] = "withdrawn"

    def __post_init__(self) -> None:
        for field in ("included", "minimum", "split"):
            if getattr(self, field):
                raise TermsError(field, "given", "a price that is withdrawn has none: remove it")

    @property
    def metered(self) -> bool:
        return False

    def charges(self, *, quantity: Decimal, currency: str, exchange: Decimal) -> tuple[Rated, ...]:
        return ()


MODELS: dict[str, type[Terms]] = {kind.model: kind for kind in (Flat, PerUnit, Graduated, Volume, Package, CostPlus, Withdrawn)}


def rate(*, terms: Terms, quantity: Decimal, currency: str, exchange: Decimal = ONE) -> tuple[Rated, ...]:
    """The lines of one price for one period, in the order in which they are read; a quantity of zero has its line too.

    :param quantity: in the meter's units; for cost-plus an amount in the currency that is the meter's unit; for flat ignored.
    :param currency: ISO 4217 code of the plan, in whose minor units the nets are.
    :param exchange: what one unit of the cost's currency is worth in ``currency``; only cost-plus reads it.
    :raises NegativeQuantity: for a quantity below zero under graduated, volume or package terms.
    :raises ValueError: for a quantity or a rate that is no finite number, or a rate that is not above zero.
    """
    if not quantity.is_finite() or not exchange.is_finite() or exchange <= 0:
        raise ValueError(f"quantity {quantity} at exchange rate {exchange}: expected finite numbers and a rate above 0")
    quantity = EXACT.add(quantity, ZERO)
    lines: list[Rated] = []
    beyond = quantity
    if terms.included:
        free = max(ZERO, min(quantity, terms.included))
        beyond = EXACT.subtract(quantity, free)
        if free or not beyond:
            lines.append(_rated("included", free, ZERO, currency))
    if beyond or not lines:
        lines += terms.charges(quantity=beyond, currency=currency, exchange=exchange)
    if terms.minimum:
        missing = to_minor(terms.minimum, currency) - sum(line.net_minor for line in lines)
        if missing > 0:
            lines.append(_rated("minimum", ONE, from_minor(missing, currency), currency))
    return tuple(lines)


def rate_change(*, terms: Terms, before: Decimal | None, after: Decimal, currency: str, exchange: Decimal = ONE) -> int:
    """Minor units by which a period's net changes when late usage moves its quantity from ``before`` to ``after``.

    :param before: None when there was nothing to bill, which is less than a quantity of 0 under terms with a minimum.
    :raises NegativeQuantity: as :func:`rate`, for either quantity.
    """
    nets = [
        sum(line.net_minor for line in rate(terms=terms, quantity=quantity, currency=currency, exchange=exchange))
        if quantity is not None
        else 0
        for quantity in (before, after)
    ]
    return nets[1] - nets[0]


def _rated(
    kind: Kind,
    quantity: Decimal,
    unit_price: Decimal,
    currency: str,
    tier_from: Decimal | None = None,
    tier_to: Decimal | None = None,
) -> Rated:
    net_minor = to_minor(EXACT.multiply(quantity, unit_price), currency)
    return Rated(kind, plain(quantity), plain(unit_price), net_minor, tier_from, tier_to)


def _tier_lines(tier: Tier, start: Decimal, quantity: Decimal, currency: str) -> list[Rated]:
    """The units in a tier, and its fee as a line of its own once anything is in it."""
    lines = [_rated("tier", quantity, tier.unit_price, currency, start, tier.up_to)]
    if tier.flat and quantity:
        lines.append(_rated("flat", ONE, tier.flat, currency, start, tier.up_to))
    return lines


def _not_negative(quantity: Decimal, model: str) -> None:
    if quantity < 0:
        raise NegativeQuantity(f"quantity {quantity} under {model} terms: expected 0 or more")


def _decimals(field: str, value: Decimal, places: int) -> None:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TermsError(field, value, "expected a decimal number")
    try:
        scaled(value, places)
    except (ValueError, ArithmeticError):
        raise TermsError(field, value, f"expected at most {places} decimals") from None


def _amount(field: str, value: Decimal) -> None:
    """A price, an amount or a number of units: 0 or more, below a million million, at most twelve decimals."""
    _decimals(field, value, PRICE_DECIMALS)
    if not 0 <= value < 10**12:
        raise TermsError(field, value, "expected 0 or more, and less than 1000000000000")


def _absent(field: str, value: Decimal, why: str) -> None:
    if value:
        raise TermsError(field, value, why)


def _text(value: Any) -> Any:
    """A field as JSON holds it."""
    if isinstance(value, Decimal):
        return format(plain(value), "f")
    if isinstance(value, tuple):
        return [_text(tier) for tier in value]
    if isinstance(value, Tier):
        given = {"up_to": value.up_to, "unit_price": value.unit_price, "flat": value.flat or None}
        return {name: _text(part) for name, part in given.items() if part is not None}
    return value


def _value(name: str, value: Any) -> Any:
    """A field from what JSON holds."""
    if name == "split":
        return bool(value)
    if name == "tiers":
        return tuple(
            Tier(
                up_to=None if tier.get("up_to") is None else Decimal(tier["up_to"]),
                unit_price=Decimal(tier["unit_price"]),
                flat=Decimal(tier.get("flat", 0)),
            )
            for tier in value
        )
    return Decimal(value)
