"""Which VAT a supply of services bears, to the letter of Directive 2006/112/EC. Pure: no Django, no clock.

Owns places and dated rates (two data files), the decision, the evidence for where a consumer is, and the sums. Is given seller,
buyer, evidence and the day of supply. Yields a :class:`Treatment`, or :class:`Undecided` with the reason and the remedy.
"""

from bonafide.billing.tax.decide import (
    EXEMPT,
    OUTSIDE,
    REVERSE_CHARGE,
    STANDARD,
    Buyer,
    Seller,
    Treatment,
    Undecided,
    decide,
)
from bonafide.billing.tax.places import EU, Place, place_of
from bonafide.billing.tax.rates import DatedRate, Rates
from bonafide.billing.tax.sums import TaxSum, out_of_gross, sum_taxes, tax_on

__all__ = [
    "EU",
    "EXEMPT",
    "OUTSIDE",
    "REVERSE_CHARGE",
    "STANDARD",
    "Buyer",
    "DatedRate",
    "Place",
    "Rates",
    "Seller",
    "TaxSum",
    "Treatment",
    "Undecided",
    "decide",
    "out_of_gross",
    "place_of",
    "sum_taxes",
    "tax_on",
]
