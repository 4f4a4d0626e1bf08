"""The terms of a price for a part of a month. Pure: no Django, no clock, no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from bonafide.money import EXACT, ROUNDING, exponent, plain, round_half_up
from bonafide.pricing.rating import ZERO, CostPlus, Flat, Graduated, Package, PerUnit, Terms, Tier, Volume

# What the French e-invoice can say: quantities to four decimals (BR-FR-DEC-02), prices to six (BR-FR-DEC-03).
QUANTITY_DECIMALS, PRICE_DECIMALS = 4, 6
# The month's figure of these meters is a level, not a sum over its days.
LEVELS = frozenset({"max", "latest"})


def prorated(*, terms: Terms, share: Fraction, currency: str, aggregation: str = "", scale: int = 0) -> Terms:
    """``terms`` as they are for ``share`` of a month (0 to 1); the whole month's own when it is all of it.

    Amounts (flat, minimum, fees of tiers) are the share of them, rounded half up once to the currency's minor unit. Where a
    quantity adds up over the days, so do what is included and the bounds of tiers: their share is rounded half up once to the
    decimals that the meter keeps, at most four; a tier in which nothing is left falls away. The price of a unit or of a package
    and a package's size stay.

    A level ("max", "latest") is as high in a part of a month as in all of it. There the bounds, what is included and the sizes
    stay, and the price of a unit or package for a month is the share of it, rounded half up once to six decimals.

    :param aggregation: of the meter; empty without one.
    :param scale: decimals that the meter keeps.
    """
    if share == 1:
        return terms
    cut = _Cut(share, currency, QUANTITY_DECIMALS if aggregation == "hours" else min(scale, QUANTITY_DECIMALS))
    if isinstance(terms, Flat):
        return replace(terms, amount=cut.amount(terms.amount))
    if aggregation in LEVELS:
        return _level(replace(terms, minimum=cut.amount(terms.minimum)), cut)
    terms = replace(terms, minimum=cut.amount(terms.minimum), included=cut.quantity(terms.included))
    if isinstance(terms, Graduated | Volume):
        return replace(terms, tiers=tuple(_tiers(terms.tiers, cut)))
    return terms


class _Cut:
    """A share of each kind of number."""

    def __init__(self, share: Fraction, currency: str, places: int) -> None:
        self.share, self.money, self.places = share, exponent(currency), places

    def amount(self, value: Decimal) -> Decimal:
        return self._of(value, self.money)

    def quantity(self, value: Decimal) -> Decimal:
        return self._of(value, self.places)

    def price(self, value: Decimal) -> Decimal:
        return self._of(value, PRICE_DECIMALS)

    def _of(self, value: Decimal, places: int) -> Decimal:
        product = EXACT.multiply(value, Decimal(self.share.numerator))
        # Eighty digits tell every tie from what is just beside it: a share has at most seven digits below its line.
        return plain(round_half_up(ROUNDING.divide(product, Decimal(self.share.denominator)), places))


def _tiers(tiers: tuple[Tier, ...], cut: _Cut) -> Iterator[Tier]:
    below = ZERO
    for tier in tiers:
        up_to = None if tier.up_to is None else cut.quantity(tier.up_to)
        if up_to is None or up_to > below:
            yield Tier(up_to, tier.unit_price, cut.amount(tier.flat))
        below = below if up_to is None else up_to


def _level(terms: Terms, cut: _Cut) -> Terms:
    if isinstance(terms, PerUnit):
        return replace(terms, unit_price=cut.price(terms.unit_price))
    if isinstance(terms, Package):
        return replace(terms, price=cut.price(terms.price))
    if isinstance(terms, Graduated | Volume):
        tiers = (Tier(tier.up_to, cut.price(tier.unit_price), cut.amount(tier.flat)) for tier in terms.tiers)
        return replace(terms, tiers=tuple(tiers))
    if isinstance(terms, CostPlus):
        raise ValueError("cost-plus prices a sum, never a level")
    return terms
