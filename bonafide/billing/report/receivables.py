"""Who owes what on any day, by how long it is overdue, as the ledger has it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from bonafide.billing.ledger.models import Posting
from bonafide.billing.report.roles import Roles

# Days overdue, the last of each; what is due on the day itself or later is not due.
AGES = (("not_due", 0), ("days_1_30", 30), ("days_31_60", 60), ("days_61_90", 90), ("days_over_90", None))
NAMES = tuple(name for name, _last in AGES)


class Owed(NamedTuple):
    """What a customer owes in one currency, by age in the order of ``NAMES``; below zero for what we owe them."""

    account_id: int | None
    reference: str
    name: str
    currency: str
    ages: tuple[int, ...]
    minor: int
    home: int | None


def owed_by_customer(*, on: date, roles: Roles) -> QuerySet[Posting, dict[str, Any]]:
    """A row for each customer and currency with something open at the end of the day ``on``, by name; read by :func:`owed`.

    A bill with its payments, credit notes and losses, each on the day of its entry in the ledger: what is asked of a closed month
    is answered the same for ever. A customer whose bills cancel out, one overpaid and one unpaid, shows with both.
    """
    grouped = _aged(on, roles).values("account_id", "currency", reference=F("account__reference"), name=F("account__name"))
    some = Q()
    for name in NAMES:
        some |= ~Q(**{name: 0})
    found: QuerySet[Posting, dict[str, Any]] = grouped.annotate(**_sums(on, roles)).filter(some)
    return found.order_by("name", "reference", "currency")


def owed_in_all(*, on: date, roles: Roles) -> list[Owed]:
    """The same for all customers together, in each currency; one query."""
    rows = _aged(on, roles).values("currency").annotate(**_sums(on, roles)).order_by("currency")
    return [owed(row={"account_id": None, "reference": "", "name": "", **row}) for row in rows]


def owed(*, row: dict[str, Any]) -> Owed:
    """A row of the queries above."""
    return Owed(
        row["account_id"],
        row["reference"] or "",
        row["name"] or "",
        row["currency"],
        tuple(row[name] for name in NAMES),
        row["minor"],
        None if row["unknown"] else row["home"],
    )


def _aged(on: date, roles: Roles) -> QuerySet[Posting]:
    """Rows of the ledger that move what customers owe, each with the day by which its bill is due."""
    either = Q(debit__in=roles.receivable) | Q(credit__in=roles.receivable)
    both = Q(debit__in=roles.receivable) & Q(credit__in=roles.receivable)
    return (
        Posting.objects.filter(either, dated_on__lte=on)
        .exclude(both)
        .order_by()
        .annotate(due=Coalesce("invoice__correction__original__due_on", "invoice__due_on"))
    )


def _sums(on: date, roles: Roles) -> dict[str, Any]:
    """What is owed in all and by age; what hangs on no bill is not due."""
    owes = Q(debit__in=roles.receivable)
    signed = Case(When(owes, then=F("amount_minor")), default=-F("amount_minor"), output_field=BigIntegerField())
    at_home = Case(When(owes, then=F("home_minor")), default=-F("home_minor"), output_field=BigIntegerField())
    sums: dict[str, Any] = {}
    before = on
    for name, last in AGES:
        since = None if last is None else on - timedelta(days=last)
        within = Q(due__gte=before) | Q(due=None) if last == 0 else Q(due__lt=before)
        if last and since:
            within &= Q(due__gte=since)
        sums[name] = Coalesce(Sum(signed, filter=within), Value(0), output_field=BigIntegerField())
        before = since or before
    return {**sums, "minor": Sum(signed), "home": Sum(at_home), "unknown": Count("pk", filter=Q(home_minor=None))}
