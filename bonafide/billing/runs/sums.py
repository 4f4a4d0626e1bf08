"""What the rows of a rehearsal come to: by currency, by outcome, by what is odd, and what the law asks besides."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from bonafide.billing.runs.models import Outcome, RehearsedBill


class Tally:
    """Counts rows as they are written. As JSON:

    ``{"currencies": {"EUR": {"bills", "net_minor", "tax_minor", "total_minor", "before_minor"}}, "outcomes": {"bill": 3},
    "odd": {"doubled": 1}, "flags": {"register:CH": 2}, "notices": {"no exchange rate ...": 4}}``. ``before_minor`` is last
    month's total of the same accounts and of those that are missing this month.
    """

    def __init__(self) -> None:
        self._currencies: dict[str, Counter[str]] = defaultdict(Counter)
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("outcomes", "odd", "flags", "notices")}

    def add(self, row: RehearsedBill) -> None:
        self._counts["outcomes"][row.outcome] += 1
        if row.odd:
            self._counts["odd"][row.odd] += 1
        if row.before_minor is not None:
            self._currencies[row.currency]["before_minor"] += row.before_minor
        if row.outcome != Outcome.BILL:
            return
        sums = self._currencies[row.currency]
        sums["bills"] += 1
        for name in ("net_minor", "tax_minor", "total_minor"):
            sums[name] += getattr(row, name)
        self._counts["flags"].update(getattr(row, "flags", ()))
        if notice := getattr(row, "notice", ""):
            self._counts["notices"][notice] += 1

    def as_json(self) -> dict[str, Any]:
        currencies = {currency: dict(sums) for currency, sums in sorted(self._currencies.items())}
        return {"currencies": currencies, **{name: dict(sorted(counts.items())) for name, counts in self._counts.items()}}
