"""A line's quantity and price in the few decimals that an e-invoice may have, their product being the line's net all the same.

Pure: no Django. EN 16931 has no limit of its own; the French rules (BR-FR-DEC-01 to -03) allow amounts 2 decimals, quantities 4
and prices 6, all in at most 19 digits. Ours have as many as they need: a price per request twelve, hours six.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from bonafide.money import EXACT, plain, round_half_up

AMOUNT_PLACES, QUANTITY_PLACES, PRICE_PLACES = 2, 4, 6
LONGEST = 19

# Our units as UN/ECE Recommendation 20 codes them; any other is counted in pieces.
PIECES = "C62"
_CODES = {
    "second": "SEC",
    "minute": "MIN",
    "hour": "HUR",
    "h": "HUR",
    "GPU-hour": "HUR",
    "vCPU-hour": "HUR",
    "day": "DAY",
    "month": "MON",
    "GB": "E34",
    "TB": "E35",
    "kWh": "KWH",
}


@dataclass(frozen=True)
class Product:
    """``quantity`` of ``unit`` (a code) at ``price`` for each ``per`` of them.

    ``exact`` is whether these are the line's own quantity and price; else the quantity is rounded to what may be written, or
    the line is one piece at its net.
    """

    quantity: Decimal
    unit: str
    price: Decimal
    per: Decimal
    exact: bool

    @property
    def net(self) -> Decimal:
        """The product, rounded half up to cents, as a reader of the e-invoice works it out."""
        return product_of(quantity=self.quantity, price=self.price, per=self.per)


def product_of(*, quantity: Decimal, price: Decimal, per: Decimal) -> Decimal:
    """Quantity times price for ``per`` units, rounded half up to cents; exact at ties, whatever the divisor.

    :raises ZeroDivisionError: when ``per`` is zero.
    """
    exact = Fraction(quantity) * Fraction(price) / Fraction(per)
    cents = floor(abs(exact) * 10**AMOUNT_PLACES + Fraction(1, 2))
    return Decimal(cents if exact >= 0 else -cents).scaleb(-AMOUNT_PLACES, context=EXACT)


def as_product(*, quantity: str, unit: str, unit_price: str, net: Decimal) -> Product:
    """What an e-invoice says of a line of ``quantity`` and ``unit_price``, decimal text, and ``net``, in major units.

    A price below a millionth is told for a larger number of units (BT-149); a price below zero turns the quantity's sign
    (BR-27). A quantity with more than four decimals is rounded to them if the product is still the net, and else the line is
    told as one piece.
    """
    exact_quantity, price = plain(Decimal(quantity)), plain(Decimal(unit_price or "0"))
    if price < 0:
        exact_quantity, price = -exact_quantity, -price
    per = Decimal(10) ** max(0, places(price) - PRICE_PLACES)
    told = Product(
        quantity=plain(round_half_up(exact_quantity, QUANTITY_PLACES)),
        unit=_CODES.get(unit, PIECES),
        price=plain(EXACT.multiply(price, per)),
        per=per,
        exact=True,
    )
    if all(digits(value) <= LONGEST for value in (told.quantity, told.price, told.per)) and told.net == net:
        return Product(told.quantity, told.unit, told.price, told.per, exact=told.quantity == exact_quantity)
    return Product(Decimal(1 if net >= 0 else -1), PIECES, plain(abs(net)), Decimal(1), exact=False)


def places(value: Decimal) -> int:
    """Decimals after the point, without trailing zeros."""
    exponent = plain(value).as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def digits(value: Decimal) -> int:
    """Characters that the number takes without its point, the sign counted, as the French rules count them."""
    return len(format(plain(value), "f").replace(".", ""))
