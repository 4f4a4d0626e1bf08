"""Money as an integer count of minor units beside an ISO 4217 code; Decimal only where a rate is applied.

Pure: no Django, no clock. Floats are never accepted.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact
from functools import cache

from babel.numbers import format_currency, get_currency_precision, list_currencies, parse_pattern

from bonafide.languages import locale_of

# Wide enough for any 64-bit quantity times any 12-decimal price; a product that would not fit raises instead of rounding.
EXACT = Context(prec=80, traps=[Inexact])
ROUNDING = Context(prec=80, rounding=ROUND_HALF_UP)

_CURRENCIES = frozenset(list_currencies())
_EVERY_DECIMAL = parse_pattern("#,##0.############")  # as many as a price may have


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 code that CLDR knows."""
    return code in _CURRENCIES


@cache
def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217: EUR 2, TND 3, JPY 0).

    :raises ValueError: for an unknown currency.
    """
    if not is_currency(currency):
        raise ValueError(f"unknown currency {currency!r}: expected an ISO 4217 code such as EUR")
    return get_currency_precision(currency)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """``value`` rounded half away from zero to ``places`` decimals (the rule of European VAT practice)."""
    return value.quantize(_step(places), context=ROUNDING)


@cache
def _step(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole minor units of ``amount`` in major units, rounded half up: 2.675 EUR is 268."""
    places = exponent(currency)
    return int(amount.quantize(_step(places), context=ROUNDING).scaleb(places, context=EXACT))


def from_minor(minor: int, currency: str) -> Decimal:
    """The exact amount in major units: 268 in EUR is 2.68."""
    return Decimal(minor).scaleb(-exponent(currency), context=EXACT)


def scaled(value: Decimal, scale: int) -> int:
    """``value`` as an integer of ``10**-scale`` units.

    :raises ValueError: when ``value`` has more decimals than ``scale`` keeps; nothing is rounded away.
    """
    shifted = value.scaleb(scale, context=EXACT)
    whole = int(shifted)
    if shifted != whole:
        raise ValueError(f"{value} has more than {scale} decimals")
    return whole


def unscaled(value: int, scale: int) -> Decimal:
    """The exact Decimal of an integer count of ``10**-scale`` units, without trailing zeros."""
    return plain(Decimal(value).scaleb(-scale, context=EXACT))


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent: 1.500 is 1.5 and 1E+3 is 1000."""
    normal = value.normalize(EXACT)
    # Decimal writes a positive exponent, and nothing else, with E+; asking its tuple takes four times as long.
    return normal.quantize(_step(0), context=EXACT) if "E+" in str(normal) else normal


def text(value: Decimal) -> str:
    """The number as plain digits for files and machines: never an exponent, no trailing zeros."""
    return format(plain(value), "f")


def format_minor(minor: int, currency: str, language: str) -> str:
    """The amount as people of that language write it, with its currency: ``€362.40``, ``362,40 €``."""
    return format_currency(from_minor(minor, currency), currency, locale=locale_of(language))


def format_exact(value: Decimal, language: str) -> str:
    """A quantity or unit price with every decimal it has, grouped as people of that language write it."""
    return str(_EVERY_DECIMAL.apply(plain(value), locale_of(language)))
