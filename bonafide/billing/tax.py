"""Which VAT a bill bears, and how much. Pure: no Django, no clock.

First stage: the operator's standard rate, and reverse charge for a company elsewhere in the EU that gave its VAT number
(Directive 2006/112/EC, articles 44 and 196). Everything else about place of supply has its place here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from bonafide.money import EXACT, round_half_up

# ISO 3166-1 codes of the member states. Northern Ireland (VAT prefix XI) is in for goods only, and bills here are for services.
EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
# Monaco belongs to the VAT territory of France, with French VAT numbers.
_VAT_COUNTRY = {"MC": "FR"}
# The one member state whose VAT numbers do not start with its ISO code.
_VAT_PREFIX = {"GR": "EL"}

STANDARD, REVERSE_CHARGE = "S", "AE"


class Seller(Protocol):
    """What must be known of the operator."""

    @property
    def country(self) -> str: ...
    @property
    def vat_number(self) -> str: ...


class Buyer(Protocol):
    """What must be known of the customer; ``kind`` is ``person`` or ``company``."""

    @property
    def kind(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def vat_number(self) -> str: ...


@dataclass(frozen=True)
class Treatment:
    """How a supply is taxed: UNTDID 5305 category, rate in percent, and for no tax its VATEX code and the words that say why."""

    category: str
    rate: Decimal
    reason_code: str = ""
    reason_key: str = ""


def decide(*, seller: Seller, buyer: Buyer, standard_rate: Decimal) -> Treatment:
    """The treatment of services that ``seller`` supplies to ``buyer``; ``standard_rate`` is in percent.

    A VAT number counts only when its prefix is that of the buyer's own country: anything else is taxed at the standard rate,
    which can be put right by a credit note, while tax that was not charged cannot be collected later.
    """
    home = _VAT_COUNTRY.get(seller.country, seller.country)
    there = _VAT_COUNTRY.get(buyer.country, buyer.country)
    if (
        buyer.kind == "company"
        and home in EU
        and there in EU
        and there != home
        and seller.vat_number
        and _prefix(buyer.vat_number) == _VAT_PREFIX.get(there, there)
    ):
        return Treatment(REVERSE_CHARGE, Decimal(0), "VATEX-EU-AE", "Reverse charge")
    return Treatment(STANDARD, standard_rate)


def tax_on(base_minor: int, rate: Decimal) -> int:
    """Tax in minor units on a base in minor units at ``rate`` percent, rounded half up: once per category and rate of a bill."""
    return int(round_half_up(EXACT.multiply(Decimal(base_minor), rate).scaleb(-2, context=EXACT), 0))


def _prefix(vat_number: str) -> str:
    return "".join(vat_number.split())[:2].upper()
