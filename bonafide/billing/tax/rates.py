"""VAT rates by place, sort of supply and day. Pure; the table is ``rates.toml``, and an operator's own entries go before it."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

STANDARD_SORT = "standard"


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate in percent, from a day on; ``source`` says who says so.

    ``sort`` is the sort of supply that it is for: ``standard``, or one that an operator named. ``exempt`` is the code of the
    reason (VATEX) where such a supply is exempt.
    """

    territory: str
    rate: Decimal
    valid_from: date
    source: str
    sort: str = STANDARD_SORT
    exempt: str = ""


class Rates:
    """Rates to look up. ``own`` entries replace all of the built-in ones of their place and sort from their first day on."""

    def __init__(self, own: Iterable[DatedRate] = ()) -> None:
        self._known: dict[tuple[str, str], list[DatedRate]] = defaultdict(list)
        mine = sorted(own, key=lambda rate: rate.valid_from)
        begins: dict[tuple[str, str], date] = {}
        for rate in mine:
            begins.setdefault((rate.territory, rate.sort), rate.valid_from)
        for rate in built_in():
            key = (rate.territory, rate.sort)
            if key not in begins or rate.valid_from < begins[key]:
                self._known[key].append(rate)
        for rate in mine:
            self._known[rate.territory, rate.sort].append(rate)

    def on(self, territory: str, day: date, sort: str = STANDARD_SORT) -> DatedRate | None:
        """The rate that holds there on that day for that sort of supply; None when none is known."""
        held = [rate for rate in self._known.get((territory, sort), ()) if rate.valid_from <= day]
        return held[-1] if held else None


@cache
def built_in() -> tuple[DatedRate, ...]:
    """``rates.toml``, by day."""
    rows = tomllib.loads(Path(__file__).with_name("rates.toml").read_text(encoding="utf-8"))["rates"]
    return tuple(
        sorted(
            (DatedRate(row["territory"], Decimal(row["rate"]), row["valid_from"], row["source"]) for row in rows),
            key=lambda rate: rate.valid_from,
        )
    )
