"""The threshold for sales to consumers elsewhere in the Union (Directive 2006/112/EC art. 59c), sale by sale. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turnover:
    """Net sales to consumers elsewhere in the Union, in minor units: of the year so far, and of the whole year before."""

    this_year: int
    last_year: int

    def plus(self, net_minor: int) -> Turnover:
        return Turnover(self.this_year + net_minor, self.last_year)


def beyond(*, before: Turnover, net_minor: int, threshold_minor: int) -> bool:
    """Whether a sale is taxed at its destination: with it the year is above the threshold, or last year was.

    The sale that crosses it is taxed at its destination itself, and so is every later one of that year and of the next.
    """
    return before.last_year > threshold_minor or before.this_year + max(net_minor, 0) > threshold_minor
