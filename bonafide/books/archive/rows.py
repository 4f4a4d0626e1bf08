"""What of the books of a year goes into its archive, as lines of JSON with one text for one content; everything is streamed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from django.db.models import F, OuterRef, Subquery

from bonafide.accounts.models import VatCheck
from bonafide.billing.closings.models import Closing
from bonafide.billing.closings.seal import SEALED as CLOSING_FIELDS
from bonafide.billing.closings.seal import told
from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.seal import LATER, SEALED
from bonafide.billing.models import (
    Correction,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LocationEvidence,
    LocationQuestion,
    Settlement,
    UsageFile,
)
from bonafide.billing.seal import GENESIS, INVOICE_FIELDS, LATER_FIELDS, LINE_FIELDS, TAX_FIELDS, canonical

CHUNK = 1000
Row = dict[str, Any]
COLUMNS = {"lines": LINE_FIELDS, "taxes": TAX_FIELDS, "ledger": (*SEALED, *LATER)}


@dataclass(frozen=True)
class Bounds:
    """Where the year's rows begin and end, so that what is booked meanwhile stays out.

    ``first`` and ``last`` are places in the chain of documents (``last`` below ``first`` for none), ``follows`` the seal before
    them; ``entries`` the last entry of the year's ledger; ``at`` the moment of the last document, until which evidence counts.
    """

    year: int
    first: int
    last: int
    follows: str
    entries: int
    at: datetime | None
    closed_at: datetime | None
    posted_on: date | None

    @property
    def bills(self) -> int:
        return self.last - self.first + 1


def bounds_of(*, year: int) -> Bounds:
    """A handful of queries."""
    earlier = Invoice.objects.issued().filter(issued_on__lt=date(year, 1, 1)).order_by("-position").first()
    last = Invoice.objects.issued().filter(issued_on__year=year).order_by("-position").first()
    entry = Posting.objects.filter(year=year).order_by("-entry", "-line").first()
    closing = Closing.objects.filter(month=year * 100 + 12).first()
    before = earlier.position if earlier and earlier.position else 0
    return Bounds(
        year=year,
        first=before + 1,
        last=last.position if last and last.position else before,
        follows=earlier.seal if earlier else GENESIS,
        entries=entry.entry if entry else 0,
        at=last.issued_at if last else None,
        closed_at=closing.closed_at if closing else None,
        posted_on=entry.posted_on if entry else None,
    )


def jsonl(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Each row as a line."""
    for row in rows:
        yield bytes(canonical(row)) + b"\n"


def instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def bills(bounds: Bounds) -> Iterator[Row]:
    """Exactly what seals cover, in the order of the chain, each with its seal and the key by which the ledger knows it."""
    rows = _documents(bounds).order_by("position").values("id", "seal", *INVOICE_FIELDS).iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        ids = [row["id"] for row in chunk]
        lines = _parts(InvoiceLine.objects.filter(invoice__in=ids).order_by("position"), LINE_FIELDS)
        taxes = _parts(InvoiceTax.objects.filter(invoice__in=ids).order_by("category", "rate"), TAX_FIELDS)
        for row in chunk:
            sealed = {name: row[name] for name in INVOICE_FIELDS if row[name] is not None or name not in LATER_FIELDS}
            yield {
                "id": row["id"],
                "invoice": sealed | {"issued_at": instant(row["issued_at"])},
                "lines": lines[row["id"]],
                "taxes": taxes[row["id"]],
                "seal": row["seal"],
            }


def _documents(bounds: Bounds) -> Any:
    return Invoice.objects.issued().filter(position__gte=bounds.first, position__lte=bounds.last)


def _parts(rows: Any, fields: Sequence[str]) -> dict[int, list[list[Any]]]:
    parts: dict[int, list[list[Any]]] = defaultdict(list)
    for invoice_id, *values in rows.values_list("invoice_id", *fields):
        parts[invoice_id].append(values)
    return parts


def ledger(bounds: Bounds) -> Iterator[Row]:
    rows = Posting.objects.filter(year=bounds.year, entry__lte=bounds.entries).order_by("entry", "line")
    for seal, *row in rows.values_list("seal", *SEALED, *LATER).iterator(chunk_size=CHUNK):
        while len(row) > len(SEALED) and row[-1] is None:  # a column that came later and is empty is not sealed
            row.pop()
        yield {"row": row, "seal": seal}


def closings(bounds: Bounds) -> Iterator[Row]:
    """Every closing from the first one to the year's last, by which seals and sums since the beginning can be followed."""
    rows = Closing.objects.filter(month__lte=bounds.year * 100 + 12).order_by("position")
    for row in rows.values("seal", *CLOSING_FIELDS):
        yield {"closing": told(row=row), "seal": row["seal"]}


def usage_files(bounds: Bounds) -> Iterator[Row]:
    """Notes of the year's bills, each with the seal of the note before it, whosever that is."""
    before = UsageFile.objects.filter(position=OuterRef("position") - 1).values("seal")
    rows = UsageFile.objects.filter(invoice__position__gte=bounds.first, invoice__position__lte=bounds.last).order_by("position")
    columns = ("position", "sha256", "size", "noted_at", "seal")
    named = {"bill": F("invoice__number"), "bill_seal": F("invoice__seal"), "previous": Subquery(before)}
    for row in rows.values(*columns, **named).iterator(chunk_size=CHUNK):
        yield row | {"previous": row["previous"] or GENESIS, "noted_at": instant(row["noted_at"])}


def settlements(bounds: Bounds) -> Iterator[Row]:
    """Payments whose entry is in the year's ledger."""
    entry = Posting.objects.filter(step=Step.SETTLEMENT, source=OuterRef("pk"), line=1)
    rows = Settlement.objects.annotate(
        entry_year=Subquery(entry.values("year")),
        entry=Subquery(entry.values("entry")),
        entered_on=Subquery(entry.values("dated_on")),
    ).filter(entry_year=bounds.year, entry__lte=bounds.entries)
    columns = ("id", "amount_minor", "received_on", "means", "reference", "entry", "entered_on")
    named = {"bill": F("invoice__number"), "currency": F("invoice__currency")}
    yield from rows.order_by("entry").values(*columns, **named).iterator(chunk_size=CHUNK)


def credit_notes(bounds: Bounds) -> Iterator[Row]:
    rows = Correction.objects.filter(document__position__gte=bounds.first, document__position__lte=bounds.last)
    named = {
        "number": F("document__number"),
        "bill": F("original__number"),
        "currency": F("document__currency"),
        "net_minor": F("document__net_minor"),
        "tax_minor": F("document__tax_minor"),
        "total_minor": F("document__total_minor"),
        "issued_on": F("document__issued_on"),
    }
    for row in rows.order_by("document__position").values("reason", "key", "made_at", **named).iterator(chunk_size=CHUNK):
        yield row | {"made_at": instant(row["made_at"])}


# --- What taxes rest on ---------------------------------------------------------------------------------------------------
def vies_answers(bounds: Bounds) -> Iterator[Row]:
    """What VIES said, until the year's last document, about the numbers of whom was billed."""
    columns = ("number", "outcome", "asked_at", "consultation_number", "name", "address", "detail")
    rows = VatCheck.objects.filter(asked_at__lte=bounds.at) if bounds.at else VatCheck.objects.none()
    yield from _of_billed(rows, bounds, columns, "asked_at")


def locations(bounds: Bounds) -> Iterator[Row]:
    """Evidence for where consumers are, in the same way."""
    rows = LocationEvidence.objects.filter(at__lte=bounds.at) if bounds.at else LocationEvidence.objects.none()
    yield from _of_billed(rows, bounds, ("kind", "place", "method", "at"), "at")


def decisions(bounds: Bounds) -> Iterator[Row]:
    """What staff decided where evidence contradicted itself."""
    rows = LocationQuestion.objects.filter(decided_at__lte=bounds.at) if bounds.at else LocationQuestion.objects.none()
    yield from _of_billed(rows, bounds, ("items", "place", "reason", "month", "decided_at"), "decided_at")


def _of_billed(rows: Any, bounds: Bounds, columns: Sequence[str], moment: str) -> Iterator[Row]:
    billed = _documents(bounds).order_by().values("account_id")
    found = rows.filter(account__in=billed).order_by("pk").values(*columns, customer=F("account__reference"))
    for row in found.iterator(chunk_size=CHUNK):
        yield row | {moment: instant(row[moment])}
