"""Standard VAT rates by place and day. Pure; the table is ``rates.toml``, and an operator's own entries go before it."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A standard rate in percent, from a day on; ``source`` says who says so."""

    territory: str
    rate: Decimal
    valid_from: date
    source: str


class Rates:
    """Rates to look up. ``own`` entries replace all of the built-in ones of their territory from their first day on."""

    def __init__(self, own: Iterable[DatedRate] = ()) -> None:
        self._by_place: dict[str, list[DatedRate]] = defaultdict(list)
        mine = sorted(own, key=lambda rate: rate.valid_from)
        begins: dict[str, date] = {}
        for rate in mine:
            begins.setdefault(rate.territory, rate.valid_from)
        for rate in built_in():
            if rate.territory not in begins or rate.valid_from < begins[rate.territory]:
                self._by_place[rate.territory].append(rate)
        for rate in mine:
            self._by_place[rate.territory].append(rate)

    def on(self, territory: str, day: date) -> DatedRate | None:
        """The rate that holds there on that day; None when none is known."""
        held = [rate for rate in self._by_place.get(territory, ()) if rate.valid_from <= day]
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
