"""Checks the ledger against its own chain and against what was billed and paid."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce

from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.seal import GENESIS, LATER, SEALED, seal_of


class Wrong(NamedTuple):
    """The first thing in the ledger that does not hold: where, and what."""

    where: str
    what: str


def first_wrong() -> Wrong | None:
    """Read all postings in their order, streaming.

    Found are: an entry or a line that is missing or was added, a row changed by hand, a bill or a payment that is not posted or
    posted with another amount, what was given up or replaced likewise, and entries of what was never done.
    """
    return _chain() or _bills() or _payments() or _losses() or _reversals()


def _chain() -> Wrong | None:
    year, entry, line, seal = 0, 0, 0, GENESIS
    rows = Posting.objects.order_by("year", "entry", "line").values_list("seal", *SEALED, *LATER)
    for kept, *row in rows.iterator(chunk_size=1000):
        if row[0] != year:
            year, entry, line, seal = row[0], 0, 0, GENESIS
        if (row[1], row[2]) not in ((entry, line + 1), (entry + 1, 1)) or row[1] == 0:
            return Wrong(
                f"entry {row[1]} of {year}, line {row[2]}", f"follows entry {entry}, line {line}: what was between is gone"
            )
        entry, line = row[1], row[2]
        seal = seal_of(row=row, previous=seal)
        if seal != kept:
            return Wrong(
                f"entry {entry} of {year}, line {line}",
                "its content is not what was sealed: it was changed by hand, or a line before it was taken away",
            )
    return None


def _posted(step: Step) -> QuerySet[Posting]:
    return Posting.objects.filter(step=step, source=OuterRef("pk"))


def _of_the_bill(step: Step) -> QuerySet[Posting]:
    """Revenue and VAT: of a credit note's first two rows the second may be of VAT that is due no more, between other accounts."""
    rows = _posted(step).filter(line__lte=2)
    if step != Step.CREDIT:
        return rows
    first = Posting.objects.filter(step=step, source=OuterRef("source"), line=1)
    return rows.filter(Q(line=1) | Exists(first.filter(Q(credit=OuterRef("credit")) | Q(credit=OuterRef("debit")))))


def _bills() -> Wrong | None:
    from bonafide.billing.models import Invoice  # which knows the ledger's models

    for step, of_kind in ((Step.ISSUE, ~Q(kind="381")), (Step.CREDIT, Q(kind="381"))):
        moved = _of_the_bill(step).order_by().values("source").annotate(sum=Sum("amount_minor")).values("sum")
        bills = Invoice.objects.issued().filter(of_kind)
        differs = (
            bills.annotate(
                moved=Coalesce(Subquery(moved), 0, output_field=BigIntegerField()), owed=Abs("net_minor") + Abs("tax_minor")
            )
            .exclude(moved=F("owed"))
            .order_by("position")
            .first()
        )
        if differs:
            amounts = f"the ledger has {differs.moved} of it, and it comes to {differs.owed}"  # type: ignore[attr-defined]
            return Wrong(f"bill {differs.number}", amounts)
        wrong = _of_nothing(step, Posting.objects.filter(~Exists(bills.filter(pk=OuterRef("source")))))
        if wrong:
            return wrong
    return None


def _payments() -> Wrong | None:
    from bonafide.billing.models import Settlement

    moved = _posted(Step.SETTLEMENT).filter(line=1).values("amount_minor")
    payments = Settlement.objects.annotate(moved=Coalesce(Subquery(moved), 0, output_field=BigIntegerField()))
    differs = payments.filter(~Q(moved=Abs("amount_minor"))).order_by("pk").first()
    if differs:
        return Wrong(
            f"settlement {differs.reference}",
            f"the ledger has {differs.moved} of it, and it is {abs(differs.amount_minor)}",
        )
    entry = _posted(Step.SETTLEMENT).filter(line=1)
    other = (
        Settlement.objects.annotate(
            bill=Subquery(entry.values("invoice_id")),
            day=Subquery(entry.values_list(Coalesce("piece_on", "dated_on"))),
            said=Subquery(entry.values("piece")),
        )
        .exclude(bill=F("invoice_id"), day=F("received_on"), said=F("reference"))
        .order_by("pk")
        .first()
    )
    if other:
        return Wrong(f"settlement {other.reference}", "the ledger has it of another bill, of another day or by another reference")
    return _of_nothing(Step.SETTLEMENT, Posting.objects.filter(~Exists(Settlement.objects.filter(pk=OuterRef("source")))))


def _losses() -> Wrong | None:
    from bonafide.billing.models import Loss

    moved = _posted(Step.LOSS).order_by().values("source").annotate(sum=Sum("amount_minor")).values("sum")
    losses = Loss.objects.annotate(moved=Coalesce(Subquery(moved), 0, output_field=BigIntegerField()))
    differs = losses.exclude(moved=Abs("amount_minor")).select_related("invoice").order_by("pk").first()
    if differs:
        amounts = f"the ledger has {differs.moved} of it, and it is {abs(differs.amount_minor)}"
        return Wrong(f"loss {differs.pk} of bill {differs.invoice.number}", amounts)
    return _of_nothing(Step.LOSS, Posting.objects.filter(~Exists(Loss.objects.filter(pk=OuterRef("source")))))


def _reversals() -> Wrong | None:
    """Of a replaced bill nothing is left on the accounts it moved: what it and its credit notes came to goes back."""
    from bonafide.billing.models import Correction, Invoice, Replacement

    moved = _posted(Step.REVERSAL).order_by().values("source").annotate(sum=Sum("amount_minor")).values("sum")
    notes = Correction.objects.filter(original=OuterRef("pk")).order_by().values("original")
    taken = {
        name: Coalesce(Subquery(notes.annotate(sum=Sum(f"document__{name}")).values("sum")), 0, output_field=BigIntegerField())
        for name in ("net_minor", "tax_minor")
    }
    replaced = Invoice.objects.filter(replacement__isnull=False).annotate(
        moved=Coalesce(Subquery(moved), 0, output_field=BigIntegerField()),
        left=Abs(F("net_minor") - taken["net_minor"]) + Abs(F("tax_minor") - taken["tax_minor"]),
    )
    differs = replaced.exclude(moved=F("left")).order_by("position").first()
    if differs:
        amounts = f"the ledger takes back {differs.moved} of it, and {differs.left} was left"  # type: ignore[attr-defined]
        return Wrong(f"bill {differs.number}, which was replaced", amounts)
    there = Replacement.objects.filter(original=OuterRef("source"))
    return _of_nothing(Step.REVERSAL, Posting.objects.filter(~Exists(there)))


def _of_nothing(step: Step, rows: QuerySet[Posting]) -> Wrong | None:
    found = rows.filter(step=step).order_by("year", "entry", "line").first()
    return Wrong(f"entry {found.entry} of {found.year}", f"is of {found.piece}, which was never there") if found else None
