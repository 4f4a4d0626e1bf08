"""What months come to, added up anew from documents and payments, a constant number of queries for all of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Max, OuterRef, Subquery, Sum
from django.db.models.functions import TruncMonth

from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.models import Correction, Invoice, Settlement, UsageFile
from bonafide.billing.seal import canonical
from bonafide.periods import Month

# What is added up in each currency: bills, credit notes (above zero), and money on bills by the day of its entry.
SUMS = (
    *("documents", "net_minor", "tax_minor", "total_minor"),
    *("credit_notes", "credited_net_minor", "credited_tax_minor", "credited_minor"),
    *("settlements", "settled_minor"),
)
Totals = list[dict[str, Any]]
_Digest = Any  # of hashlib


@dataclass
class MonthSums:
    """One month: ``sums`` by currency, digests of rows, and the place of its last document in the chain (0 for none)."""

    sums: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: dict.fromkeys(SUMS, 0)))
    digests: dict[str, _Digest] = field(default_factory=lambda: defaultdict(hashlib.sha256))
    position: int = 0

    @property
    def totals(self) -> Totals:
        """By currency, in the order of their codes."""
        return [{"currency": currency, **self.sums[currency]} for currency in sorted(self.sums)]

    @property
    def sha256(self) -> dict[str, str]:
        return {name: self.digests[name].hexdigest() for name in DIGESTS}


def months_between(*, start: date, end: date, zone: ZoneInfo) -> dict[int, MonthSums]:
    """Every month (YYYYMM) in which something was issued, paid, corrected or noted from ``start`` to ``end``; streams rows."""
    months: dict[int, MonthSums] = defaultdict(MonthSums)
    _documents(months, start, end)
    for name, rows in _STREAMS.items():
        for on, content in rows(start, end, zone):
            months[_key(on)].digests[name].update(bytes(canonical(content)) + b"\n")
    for row in _settlements(start, end):
        sums = months[_key(row["on"])].sums[row["currency"]]
        sums["settlements"] += row["count"]
        sums["settled_minor"] += row["settled"]
    return months


def added(*, before: Totals, totals: Totals) -> Totals:
    """Sums since the beginning: those until the month before, and the month's."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for one in (*before, *totals):
        for name in SUMS:
            sums[one["currency"]][name] += one[name]
    return [{"currency": currency, **sums[currency]} for currency in sorted(sums)]


def _key(on: date) -> int:
    return on.year * 100 + on.month


def _documents(months: dict[int, MonthSums], start: date, end: date) -> None:
    issued = Invoice.objects.issued().filter(issued_on__range=(start, end)).order_by()
    for row in issued.values("kind", "currency", on=TruncMonth("issued_on")).annotate(
        count=Count("pk"), net=Sum("net_minor"), tax=Sum("tax_minor"), total=Sum("total_minor"), last=Max("position")
    ):
        month = months[_key(row["on"])]
        month.position = max(month.position, row["last"])
        names = SUMS[4:8] if row["kind"] == Invoice.Kind.CREDIT_NOTE else SUMS[:4]
        sums = month.sums[row["currency"]]
        for name, value in zip(names, (row["count"], row["net"], row["tax"], row["total"]), strict=True):
            sums[name] += value


def _booked() -> Subquery:
    """The day of a payment's entry in the ledger."""
    return Subquery(Posting.objects.filter(step=Step.SETTLEMENT, source=OuterRef("pk"), line=1).values("dated_on"))


def _settlements(start: date, end: date) -> Iterable[dict[str, Any]]:
    found = Settlement.objects.annotate(booked=_booked()).filter(booked__range=(start, end)).order_by()
    grouped = found.annotate(on=TruncMonth("booked")).values("on", currency=F("invoice__currency"))
    return grouped.annotate(count=Count("pk"), settled=Sum("amount_minor"))


# --- Rows whose content a digest covers -----------------------------------------------------------------------------------
_Stream = Iterator[tuple[date, list[object]]]


def _of_settlements(start: date, end: date, zone: ZoneInfo) -> _Stream:
    rows = Settlement.objects.annotate(booked=_booked()).filter(booked__range=(start, end)).order_by("pk")
    columns = ("pk", "invoice__number", "amount_minor", "received_on", "means", "reference")
    for booked, *content in rows.values_list("booked", *columns).iterator(chunk_size=1000):
        yield booked, content


def _of_corrections(start: date, end: date, zone: ZoneInfo) -> _Stream:
    rows = Correction.objects.filter(document__issued_on__range=(start, end)).order_by("document__position")
    columns = ("document__number", "original__number", "reason", "key", "made_by_id", "made_at")
    for on, *content, made_at in rows.values_list("document__issued_on", *columns).iterator(chunk_size=1000):
        yield on, [*content, _instant(made_at)]


def _of_usage_files(start: date, end: date, zone: ZoneInfo) -> _Stream:
    since, until = Month(start.year, start.month).start(zone), Month(end.year, end.month).end(zone)
    rows = UsageFile.objects.filter(noted_at__gte=since, noted_at__lt=until).order_by("position")
    columns = ("position", "invoice__number", "sha256", "size", "noted_at")
    for *content, noted_at in rows.values_list(*columns).iterator(chunk_size=1000):
        yield noted_at.astimezone(zone).date(), [*content, _instant(noted_at)]


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


_STREAMS = {"settlements": _of_settlements, "corrections": _of_corrections, "usage_files": _of_usage_files}
DIGESTS = tuple(_STREAMS)
