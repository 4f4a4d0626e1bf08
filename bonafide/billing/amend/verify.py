"""Checks what became of bills after their issue, and names the first row that does not hold."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce

from bonafide.billing.amend.models import CARRIED, CreditedLine, Loss, Replacement
from bonafide.billing.models import Correction, Invoice, InvoiceLine, InvoiceTax, Settlement


class Amiss(NamedTuple):
    """The first thing that does not hold: where, and what."""

    where: str
    what: str


def first_amiss() -> Amiss | None:
    """Found are: a corrected invoice without the bill that it replaces, or of another account, month or currency; money or a loss
    left on a replaced bill; money carried over that did not arrive; credit notes beyond their bill at a rate or on a line; a bill
    given up beyond what is unpaid.
    """
    return _replacements() or _left_behind() or _by_rate() or _by_line() or _losses()


def _replacements() -> Amiss | None:
    corrected = Invoice.objects.issued().filter(kind=Invoice.Kind.CORRECTION)
    loose = corrected.filter(replaces=None).order_by("position").first()
    if loose:
        return Amiss(f"bill {loose.number}", "is a corrected invoice, and the bill that it replaces was taken away by hand")
    same = Q(document__kind=Invoice.Kind.CORRECTION, original__kind__in=("380", "384"), original__number__isnull=False)
    for name in ("account", "month", "currency"):
        same &= Q(**{f"document__{name}": F(f"original__{name}")})
    odd = Replacement.objects.exclude(same & Q(document__position__gt=F("original__position")))
    found = odd.select_related("original", "document").order_by("pk").first()
    if found:
        return Amiss(f"bill {found.original}", f"cannot be replaced by {found.document}: it is no corrected invoice of the same")
    return None


def _sum(rows: QuerySet[Settlement] | QuerySet[Loss]) -> Coalesce:
    """What rows of an invoice come to."""
    sums = rows.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(sum=Sum("amount_minor")).values("sum")
    return Coalesce(Subquery(sums), 0, output_field=BigIntegerField())


def _left_behind() -> Amiss | None:
    replaced = Invoice.objects.filter(replacement__isnull=False)
    for rows, what in ((Settlement.objects.all(), "paid on it"), (Loss.objects.all(), "given up of it")):
        found = replaced.annotate(left=_sum(rows)).exclude(left=0).order_by("position").first()
        if found:
            return Amiss(f"bill {found.number}", f"was replaced, and {found.left} is still {what}")  # type: ignore[attr-defined]
    return _not_arrived()


def _not_arrived() -> Amiss | None:
    """Money that left a replaced bill is on the one in its place."""
    over = Settlement.objects.filter(means=CARRIED).order_by().values("invoice")
    out = over.filter(invoice=OuterRef("original"), reference__contains=" to ")
    into = over.filter(invoice=OuterRef("document"), reference__contains=" from ")
    went, came = (
        Coalesce(Subquery(rows.annotate(sum=Sum("amount_minor")).values("sum")), 0, output_field=BigIntegerField())
        for rows in (out, into)
    )
    amiss = Replacement.objects.annotate(went=went, came=came).exclude(went=-F("came"))
    found = amiss.select_related("original", "document").order_by("pk").first()
    if found:
        return Amiss(f"bill {found.original}", f"{-found.went} went over to bill {found.document}, and {found.came} came there")
    return None


def _by_rate() -> Amiss | None:
    """Credit notes of a bill never come to more than it at any rate; bases and taxes alike."""
    taken = Correction.objects.filter(original=OuterRef("invoice")).order_by().values("original")
    same = Q(document__taxes__category=OuterRef("category"), document__taxes__rate=OuterRef("rate"))
    for name, what in (("base_minor", "base"), ("tax_minor", "tax")):
        sums = taken.filter(same).annotate(sum=Sum(f"document__taxes__{name}")).values("sum")
        rows = InvoiceTax.objects.filter(Exists(Correction.objects.filter(original=OuterRef("invoice"))))
        beyond = rows.annotate(taken=Coalesce(Subquery(sums), 0, output_field=BigIntegerField()))
        found = beyond.filter(Q(**{f"{name}__gte": 0, "taken__gt": F(name)}) | Q(**{f"{name}__lte": 0, "taken__lt": F(name)}))
        row = found.select_related("invoice").order_by("invoice__position").first()
        if row:
            return Amiss(
                f"bill {row.invoice.number}, tax {row.category} {row.rate}", f"its credit notes come to more than its {what}"
            )
    return None


def _by_line() -> Amiss | None:
    taken = CreditedLine.objects.filter(correction__original=OuterRef("invoice"), position=OuterRef("position")).order_by()
    sums = taken.values("position").annotate(sum=Sum("amount_minor")).values("sum")
    rows = InvoiceLine.objects.filter(Exists(taken)).annotate(
        taken=Coalesce(Subquery(sums), 0, output_field=BigIntegerField()), amount=Coalesce("gross_minor", "net_minor")
    )
    beyond = rows.annotate(size=Abs("amount")).exclude(taken__lte=F("size"), taken__gte=-F("size"))
    found = beyond.select_related("invoice").order_by("invoice__position", "position").first()
    if found:
        return Amiss(f"bill {found.invoice.number}, line {found.position}", "its credit notes take back more than it came to")
    return None


def _losses() -> Amiss | None:
    notes = Correction.objects.filter(original=OuterRef("pk")).order_by().values("original")
    credited = Subquery(notes.annotate(sum=Sum("document__total_minor")).values("sum"))
    rows = Invoice.objects.filter(Exists(Loss.objects.filter(invoice=OuterRef("pk"))))
    unpaid = F("total_minor") - _sum(Settlement.objects.all()) - Coalesce(credited, 0, output_field=BigIntegerField())
    sums = rows.annotate(lost=_sum(Loss.objects.all()), unpaid=unpaid)
    found = sums.filter(Q(lost__lt=0) | Q(lost__gt=0) & Q(lost__gt=F("unpaid"))).order_by("position").first()
    if found:
        lost, left = found.lost, max(found.unpaid, 0)  # type: ignore[attr-defined]  # annotated
        return Amiss(f"bill {found.number}", f"{lost} of it is given up, and {left} is unpaid")
    return None
