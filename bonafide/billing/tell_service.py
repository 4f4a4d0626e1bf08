"""The operator's service is told of bills: issued, corrected, paid. Read from what was written, so no run waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max, QuerySet, Sum

from bonafide.billing.listing import TYPES
from bonafide.billing.models import Correction, Invoice, Settlement
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.webhooks.emit import Told, emit_many, endpoints_wanting
from bonafide.webhooks.models import Cursor

ISSUED, PAID, CORRECTED = "invoice.issued", "invoice.paid", "invoice.corrected"
A_ROUND = 500  # bills, payments and credit notes that are read at a time
_BILLS, _PAYMENTS, _CREDITS = "bills", "settlements", "corrections"


class Moved(NamedTuple):
    """What changed what is open of a bill: a payment, or a credit note."""

    invoice: int
    minor: int
    key: str


def tell_service(*, operator: Operator, now: datetime, limit: int = A_ROUND) -> int:
    """Tell what was written since the last time, in its order; how many events that were. Call it until it finds nothing.

    Bills are read by their place in the chain, payments and credit notes by their keys, which are given under one lock
    (``lock_numbers``) and so become visible in their order. How far is noted in the transaction of the events. Who begins to
    listen is told nothing of before.
    """
    if not any(endpoints_wanting(kind) for kind in (ISSUED, PAID, CORRECTED)):
        if Cursor.objects.exists():
            Cursor.objects.all().delete()
        return 0
    with transaction.atomic():
        cursors = _cursors()
        # Before the bills are read: what is seen here is of bills that are seen below.
        payments = _ids(Settlement.objects.filter(pk__gt=cursors[_PAYMENTS]), limit)
        credits = _ids(Correction.objects.filter(pk__gt=cursors[_CREDITS]), limit)
        bills = _bills(Invoice.objects.filter(position__gt=cursors[_BILLS]).order_by("position"), limit, operator, now)
        told = _issued(bills)
        _move(_BILLS, cursors, [bill.position or 0 for bill in bills])
        if len(bills) < limit:
            told += _paid(_moved(payments, credits), cursors, operator, now)
            _move(_PAYMENTS, cursors, payments)
            _move(_CREDITS, cursors, credits)
        return emit_many(told=told, now=now)


def _cursors() -> dict[str, int]:
    """How far each was read, locked; a first time begins with what comes from now on."""
    found = dict(Cursor.objects.select_for_update().values_list("name", "position"))
    ends: dict[str, Callable[[], int | None]] = {
        _BILLS: lambda: Invoice.objects.aggregate(last=Max("position"))["last"],
        _PAYMENTS: lambda: Settlement.objects.aggregate(last=Max("pk"))["last"],
        _CREDITS: lambda: Correction.objects.aggregate(last=Max("pk"))["last"],
    }
    for name, end in ends.items():
        if name not in found:
            found[name] = Cursor.objects.get_or_create(name=name, defaults={"position": end() or 0})[0].position
    return found


def _move(name: str, cursors: dict[str, int], read: Sequence[int]) -> None:
    if read:
        Cursor.objects.filter(name=name, position=cursors[name]).update(position=read[-1])


def _ids(rows: QuerySet[Any], limit: int) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def _bills(bills: Any, limit: int | None, operator: Operator, now: datetime) -> list[Any]:
    today = now.astimezone(operator.zone).date()
    found = bills.with_state(today).select_related("account", "correction__original", "replaces__original")
    return list(found.defer("seller", "buyer", "mentions", "tax_basis")[:limit])


def _issued(bills: Iterable[Any]) -> list[Told]:
    told = []
    for bill in bills:
        kind = ISSUED if bill.kind == Invoice.Kind.INVOICE else CORRECTED
        told.append(Told(kind, f"{kind} {bill.number}", data_of(bill, bill.open_minor), bill.account_id))
        if bill.kind != Invoice.Kind.CREDIT_NOTE and bill.total_minor <= 0:
            told.append(Told(PAID, f"{PAID} {bill.number}", data_of(bill, bill.open_minor), bill.account_id))
    return told


def _moved(payments: Sequence[int], credits: Sequence[int]) -> list[Moved]:
    """Credit notes come first: one that takes back a bill lets money of it go in the same step."""
    noted = Correction.objects.filter(pk__in=credits).order_by("pk").values_list("pk", "original_id", "document__total_minor")
    paid = Settlement.objects.filter(pk__in=payments).order_by("pk").values_list("pk", "invoice_id", "amount_minor")
    moved = [Moved(invoice, minor, f"{PAID} credit {pk}") for pk, invoice, minor in noted]
    return moved + [Moved(invoice, minor, f"{PAID} payment {pk}") for pk, invoice, minor in paid]


def _paid(moved: Sequence[Moved], cursors: dict[str, int], operator: Operator, now: datetime) -> list[Told]:
    """A bill of which something was open before these and nothing is after them, once, by the last that made it so."""
    by_bill: dict[int, list[Moved]] = defaultdict(list)
    for one in moved:
        by_bill[one.invoice].append(one)
    whole = Invoice.objects.filter(pk__in=by_bill, total_minor__gt=0, replacement=None)
    before = _before(by_bill, cursors)
    told = []
    for bill in _bills(whole.order_by("position"), None, operator, now):
        left, key = bill.total_minor - before[bill.pk], ""
        for one in by_bill[bill.pk]:
            open_before, left = left, left - one.minor
            key = one.key if open_before > 0 >= left else key
        if key and left <= 0:
            told.append(Told(PAID, key, data_of(bill, left), bill.account_id))
    return told


def _before(bills: Iterable[int], cursors: dict[str, int]) -> dict[int, int]:
    """What was paid and credited of each bill up to where the last time ended."""
    before: dict[int, int] = defaultdict(int)
    known = list(bills)
    paid = Settlement.objects.filter(invoice__in=known, pk__lte=cursors[_PAYMENTS]).order_by().values_list("invoice")
    noted = Correction.objects.filter(original__in=known, pk__lte=cursors[_CREDITS]).order_by().values_list("original")
    for bill, minor in (*paid.annotate(Sum("amount_minor")), *noted.annotate(Sum("document__total_minor"))):
        before[bill] += minor
    return before


def data_of(bill: Any, open_minor: int) -> dict[str, Any]:
    """What an event says of a bill (``webhooks.kinds``); read with its account, its ``correction`` and whose place it takes."""
    correction, replaces = getattr(bill, "correction", None), getattr(bill, "replaces", None)
    about = next((one.original for one in (correction, replaces) if one), None)
    return {
        "account": bill.account.reference,
        "number": bill.number,
        "type": TYPES[bill.kind],
        "month": str(Month.from_key(bill.month)),
        "currency": bill.currency,
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor,
        "open_minor": open_minor,
        "issued_on": bill.issued_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "corrects": about.number if about else None,
    }
