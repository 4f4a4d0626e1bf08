"""Tax in whole minor units: once per category and rate, rounded half up. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bonafide.billing.tax.decide import Treatment
from bonafide.money import EXACT, ROUNDING, round_half_up


@dataclass(frozen=True)
class TaxSum:
    """One group of a bill (EN 16931 BG-23): base and tax in minor units."""

    treatment: Treatment
    base_minor: int
    tax_minor: int


def tax_on(base_minor: int, rate: Decimal) -> int:
    """Tax in minor units on a base in minor units at ``rate`` percent, rounded half up: once per category and rate of a bill."""
    return int(round_half_up(EXACT.multiply(Decimal(base_minor), rate).scaleb(-2, context=EXACT), 0))


def sum_taxes(lines: Iterable[tuple[int, Treatment]]) -> tuple[TaxSum, ...]:
    """The groups of lines given as net and treatment, whatever their order: by category, then rate, each once."""
    bases: dict[tuple[str, Decimal], int] = defaultdict(int)
    treatments: dict[tuple[str, Decimal], Treatment] = {}
    for net_minor, treatment in lines:
        key = (treatment.category, treatment.rate)
        bases[key] += net_minor
        treatments[key] = min(treatments.get(key, treatment), treatment, key=lambda one: (one.key, one.taxed_in))
    return tuple(TaxSum(treatments[key], bases[key], tax_on(bases[key], key[1])) for key in sorted(bases))


def out_of_gross(gross_minor: int, rate: Decimal) -> tuple[int, int]:
    """Net and tax of a price that includes its tax: the net is rounded half up, and the tax is what is left of the gross.

    9.99 at 20 % is 8.33 and 1.66: the customer pays what the price said. EN 16931 BR-CO-17 allows the tax to differ from
    rate times base by less than one unit.
    """
    over = EXACT.add(Decimal(100), rate)
    net = ROUNDING.divide(EXACT.multiply(Decimal(gross_minor), Decimal(100)), over)
    net_minor = int(round_half_up(net, 0))
    return net_minor, gross_minor - net_minor
