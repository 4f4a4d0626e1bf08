"""What was invoiced and what credit notes took back, by month of issue, currency, tax and country: three queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncMonth

from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.moves import share
from bonafide.billing.models import Invoice, InvoiceTax

# Treatments (``tax_basis``) whose VAT is another member state's, declared to the one-stop shop.
DESTINATION = "destination"


class Kept(NamedTuple):
    """What documents are told apart by. ``place`` is where the customer is, ``taxed_in`` whose VAT it is (empty for none)."""

    month: date
    credit: bool
    currency: str
    category: str
    rate: str
    treatment: str
    taxed_in: str
    place: str


@dataclass
class Sold:
    """Sums of one sort of documents in minor units; those in the currency of the books are None where a bill names no rate."""

    documents: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    net_home: int | None = 0
    tax_home: int | None = 0

    def add(self, *, documents: int, net: int, tax: int, net_home: int | None, tax_home: int | None) -> None:
        self.documents += documents
        self.net_minor += net
        self.tax_minor += tax
        self.net_home = None if self.net_home is None or net_home is None else self.net_home + net_home
        self.tax_home = None if self.tax_home is None or tax_home is None else self.tax_home + tax_home


def revenue(*, start: date, end: date, home: str) -> dict[Kept, Sold]:
    """Documents issued from ``start`` to ``end``, both included, in order; amounts of credit notes are above zero.

    :param home: the currency of the books. Net is in it by what the ledger posted for the bill, which the rates of one bill
        share by their bases, to the cent.
    """
    taxes = InvoiceTax.objects.filter(invoice__number__isnull=False, invoice__issued_on__range=(start, end)).order_by()
    found: dict[Kept, Sold] = defaultdict(Sold)
    for row in _grouped(taxes.filter(invoice__currency=home), "invoice__"):
        net, tax = row["net"], row["tax"]
        found[_key(row)].add(documents=row["documents"], net=net, tax=tax, net_home=net, tax_home=tax)
    for row in _grouped(taxes.exclude(invoice__currency=home), "invoice__"):
        found[_key(row)].add(documents=row["documents"], net=row["net"], tax=row["tax"], net_home=0, tax_home=0)
    for key, net_home, tax_home in _at_home(start, end, home):
        found[key].add(documents=0, net=0, tax=0, net_home=net_home, tax_home=tax_home)
    return {key: found[key] for key in sorted(found)}


def _about(to_invoice: str) -> dict[str, Any]:
    """What of an invoice groups are told apart by, as a query says it."""
    return {
        "issued_in": TruncMonth(f"{to_invoice}issued_on"),
        "back": Case(When(**{f"{to_invoice}kind": Invoice.Kind.CREDIT_NOTE}, then=1), default=0),
        "money": F(f"{to_invoice}currency"),
        "treatment": KeyTextTransform("treatment", f"{to_invoice}tax_basis"),
        "taxed_in": KeyTextTransform("taxed_in", f"{to_invoice}tax_basis"),
        "place": KeyTextTransform("place", f"{to_invoice}tax_basis"),
        "country": KeyTextTransform("country", f"{to_invoice}buyer"),
    }


def _grouped(taxes: QuerySet[InvoiceTax], to_invoice: str) -> QuerySet[InvoiceTax, dict[str, Any]]:
    return taxes.values("category", "rate", **_about(to_invoice)).annotate(
        documents=Count("invoice", distinct=True), net=Sum("base_minor"), tax=Sum("tax_minor")
    )


def _key(row: dict[str, Any]) -> Kept:
    return Kept(
        month=row["issued_in"],
        credit=bool(row["back"]),
        currency=row["money"],
        category=row["category"],
        rate=row["rate"],
        treatment=row["treatment"] or "",
        taxed_in=row["taxed_in"] or "",
        place=row["place"] or row["country"] or "",
    )


def _at_home(start: date, end: date, home: str) -> Iterator[tuple[Kept, int | None, int | None]]:
    """What documents in other currencies are in that of the books: those of one rate in groups, the others one by one."""
    posted = Posting.objects.filter(step__in=(Step.ISSUE, Step.CREDIT), line=1, dated_on__range=(start, end)).exclude(
        currency=home
    )
    whole = Q(invoice__taxes__base_minor=F("invoice__net_minor"))
    signed = _signed_home()
    of_tax = {"category": F("invoice__taxes__category"), "rate": F("invoice__taxes__rate")}
    groups = posted.filter(whole).order_by().values(**of_tax, **_about("invoice__"))
    for row in groups.annotate(
        net=Sum(signed),
        tax=Sum("invoice__tax_home_minor"),
        unknown=Count("pk", filter=Q(home_minor=None) | Q(invoice__tax_home_minor=None)),
    ):
        known = not row["unknown"]
        yield _key(row), row["net"] if known else None, row["tax"] if known else None
    parts = posted.filter(invoice__taxes__isnull=False).exclude(invoice__taxes__base_minor=F("invoice__net_minor"))
    yield from _shared(
        parts.order_by("invoice_id", "invoice__taxes__category", "invoice__taxes__rate").values(
            **of_tax,
            **_about("invoice__"),
            bill=F("invoice_id"),
            home=signed,
            base=F("invoice__taxes__base_minor"),
            taxed=F("invoice__taxes__tax_minor"),
            bill_net=F("invoice__net_minor"),
            bill_tax=F("invoice__tax_minor"),
            bill_tax_home=F("invoice__tax_home_minor"),
        )
    )


def _signed_home() -> Case:
    """A bill's net in the currency of the books; rows of the ledger are above zero."""
    negative = When(invoice__net_minor__lt=0, then=-F("home_minor"))
    return Case(negative, default=F("home_minor"), output_field=BigIntegerField())


def _shared(rows: Any) -> Iterator[tuple[Kept, int | None, int | None]]:
    """A bill of several rates: each takes its share of all so far less that of those before it, so that no cent is lost."""
    bill, base, tax = None, 0, 0
    for row in rows.iterator(chunk_size=1000):
        if row["bill"] != bill:
            bill, base, tax = row["bill"], 0, 0
        net_home = tax_home = None
        if row["home"] is not None and row["bill_tax_home"] is not None:
            net_home = share(row["home"], base + row["base"], row["bill_net"]) - share(row["home"], base, row["bill_net"])
            tax_home = share(row["bill_tax_home"], tax + row["taxed"], row["bill_tax"]) - share(
                row["bill_tax_home"], tax, row["bill_tax"]
            )
        base, tax = base + row["base"], tax + row["taxed"]
        yield _key(row), net_home, tax_home


class Reversed(NamedTuple):
    """What a company elsewhere in the Union was sold in a month under reverse charge; ``net_home`` as in :class:`Sold`."""

    month: date
    account_id: int
    reference: str
    name: str
    vat_number: str
    currency: str
    credit: bool
    net_minor: int
    net_home: int | None


def reversed_to(*, start: date, end: date, home: str) -> Iterator[Reversed]:
    """Sums by month and VAT number, for the monthly statement of services (in France the DES); one query, streamed."""
    posted = Posting.objects.filter(step__in=(Step.ISSUE, Step.CREDIT), line=1, dated_on__range=(start, end))
    about = {name: of for name, of in _about("invoice__").items() if name in ("issued_in", "back", "money")}
    groups = (
        posted.filter(invoice__taxes__category="AE")
        .order_by()
        .values(
            "account_id",
            **about,
            vat_number=KeyTextTransform("vat_number", "invoice__buyer"),
            reference=F("account__reference"),
            name=F("account__name"),
        )
        .annotate(
            net=Sum("invoice__taxes__base_minor"),
            net_home=Sum(_signed_home()),
            unknown=Count("pk", filter=Q(home_minor=None)),
        )
        .order_by("issued_in", "vat_number", "account_id", "money", "back")
    )
    for row in groups.iterator(chunk_size=1000):
        yield Reversed(
            row["issued_in"],
            row["account_id"],
            row["reference"],
            row["name"],
            row["vat_number"] or "",
            row["money"],
            bool(row["back"]),
            row["net"],
            row["net"] if row["money"] == home else None if row["unknown"] else row["net_home"],
        )
