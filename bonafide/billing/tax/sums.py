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


def sum_taxes(lines: Iterable[tuple[int, Treatment]], *, gross: bool = False) -> tuple[TaxSum, ...]:
    """The groups of lines given as amount and treatment, whatever their order: by category, then rate, each once.

    With ``gross`` the amounts include the tax, which is taken out of the sum of each group.
    """
    amounts: dict[tuple[str, Decimal], int] = defaultdict(int)
    treatments: dict[tuple[str, Decimal], Treatment] = {}
    for minor, treatment in lines:
        key = (treatment.category, treatment.rate)
        amounts[key] += minor
        treatments[key] = min(treatments.get(key, treatment), treatment, key=lambda one: (one.key, one.taxed_in))
    return tuple(TaxSum(treatments[key], *_split(amounts[key], key[1], gross=gross)) for key in sorted(amounts))


def _split(minor: int, rate: Decimal, *, gross: bool) -> tuple[int, int]:
    """Base and tax."""
    return out_of_gross(minor, rate) if gross else (minor, tax_on(minor, rate))


def out_of_gross(gross_minor: int, rate: Decimal) -> tuple[int, int]:
    """Net and tax of a price that includes its tax: the net is rounded half up, and the tax is what is left of the gross.

    9.99 at 20 % is 8.33 and 1.66: the customer pays what the price said. EN 16931 BR-CO-17 allows the tax to differ from
    rate times base by less than one unit.
    """
    over = EXACT.add(Decimal(100), rate)
    net = ROUNDING.divide(EXACT.multiply(Decimal(gross_minor), Decimal(100)), over)
    net_minor = int(round_half_up(net, 0))
    return net_minor, gross_minor - net_minor
