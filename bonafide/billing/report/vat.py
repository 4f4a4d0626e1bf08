"""VAT as the ledger has it: what waits for the money, what became due in a period and what is another member state's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, Min, OuterRef, Q, Subquery, Sum, Value, When

from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import InvoiceTax
from bonafide.billing.report.roles import Roles

SEVERAL = "several"


@dataclass(frozen=True)
class Vat:
    """An amount of VAT in both currencies. ``item``: ``pending_before``, ``pending_after``, ``due`` or ``oss``.

    ``rate`` is that of the bill it is of, ``several`` where a bill has more than one, empty for what waits.
    """

    item: str
    currency: str
    rate: str
    tax_minor: int
    tax_home: int | None


def vat(*, start: date, end: date, roles: Roles) -> list[Vat]:
    """VAT pending at the beginning and at the end, and due within the period, on receipts or debits as the ledger has it.

    Three queries. What a credit note or money that went back took away again is subtracted.
    """
    return [
        *_balance("pending_before", Q(dated_on__lt=start), roles.pending),
        *_by_rate("due", start, end, roles.due),
        *_by_rate("oss", start, end, roles.oss),
        *_balance("pending_after", Q(dated_on__lte=end), roles.pending),
    ]


def credited_to(*, rows: Any, accounts: frozenset[str]) -> tuple[int, int | None]:
    """What rows of debit, credit, minor, home and unknown add to these accounts, credit above zero."""
    minor, home, known = 0, 0, True
    for row in rows:
        sign = (row["credit"] in accounts) - (row["debit"] in accounts)
        minor += sign * row["minor"]
        home += sign * (row["home"] or 0)
        known = known and not (sign and row["unknown"])
    return minor, home if known else None


def moved(*names: str, when: Q) -> list[dict[str, Any]]:
    """Moves by accounts, currency and what ``names`` name besides; one query."""
    rows = Posting.objects.filter(when).order_by()
    sums = {"minor": Sum("amount_minor"), "home": Sum("home_minor"), "unknown": Count("pk", filter=Q(home_minor=None))}
    return list(rows.values("debit", "credit", "currency", *names).annotate(**sums))


def _balance(item: str, when: Q, accounts: frozenset[str]) -> list[Vat]:
    by_currency: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in moved(when=when & (Q(debit__in=accounts) | Q(credit__in=accounts))):
        by_currency[row["currency"]].append(row)
    sums = {currency: credited_to(rows=rows, accounts=accounts) for currency, rows in sorted(by_currency.items())}
    return [Vat(item, currency, "", *found) for currency, found in sums.items()]


def _by_rate(item: str, start: date, end: date, accounts: frozenset[str]) -> list[Vat]:
    if not accounts:
        return []
    of_bill = InvoiceTax.objects.filter(invoice=OuterRef("invoice_id")).exclude(tax_minor=0).order_by().values("invoice")
    sums = {"minor": Sum("amount_minor"), "home": Sum("home_minor"), "unknown": Count("pk", filter=Q(home_minor=None))}
    rows = (
        Posting.objects.filter(Q(debit__in=accounts) | Q(credit__in=accounts), dated_on__range=(start, end))
        .order_by()
        .annotate(
            low=Subquery(of_bill.annotate(found=Min("rate")).values("found")),
            high=Subquery(of_bill.annotate(found=Max("rate")).values("found")),
            of_rate=Case(When(low=F("high"), then=F("low")), default=Value(SEVERAL), output_field=CharField()),
        )
        .values("debit", "credit", "currency", "of_rate")
        .annotate(**sums)
    )
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["currency"], row["of_rate"]].append(row)
    return [
        Vat(item, currency, rate, *credited_to(rows=groups[currency, rate], accounts=accounts))
        for currency, rate in sorted(groups)
    ]
