"""Amounts as Stripe counts them: mostly in the minor units of ISO 4217, as we do. Pure.

https://docs.stripe.com/currencies: some currencies have no decimals there, some three, of which the last is always 0; every other
has two, also those of which we count none.
"""

from __future__ import annotations

from decimal import Decimal

from bonafide.errors import Refused
from bonafide.money import exponent, from_minor, scaled

_NONE = frozenset(["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"])
_THREE = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


class NotThere(Refused):
    """An amount that cannot be asked for, or that we have no units for."""


def at_stripe(*, minor: int, currency: str) -> int:
    """Our minor units in Stripe's.

    :raises NotThere: for an amount finer than Stripe takes.
    """
    amount = from_minor(minor, currency)
    try:
        found = scaled(amount, _places(currency))
        if currency in _THREE and found % 10:
            raise ValueError("of three decimals the last is 0")
    except ValueError:
        raise NotThere(f"{amount} {currency} is finer than Stripe takes: expected fewer decimals") from None
    return found


def from_stripe(*, amount: int, currency: str) -> int:
    """Stripe's units in our minor ones; its codes are in small letters.

    :raises NotThere: for an amount finer than we count.
    """
    code = currency.upper()
    try:
        return scaled(Decimal(amount).scaleb(-_places(code)), exponent(code))
    except ValueError:
        raise NotThere(f"{amount} {code} in Stripe's units is finer than we count, or in no currency that we know") from None


def _places(currency: str) -> int:
    return 0 if currency in _NONE else 3 if currency in _THREE else 2
