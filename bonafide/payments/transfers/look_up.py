"""Read what a file is compared with, in few queries however many lines it has: movements, and bills to pay."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q

from bonafide.billing.amend.models import Replacement
from bonafide.billing.models import Invoice
from bonafide.payments.transfers.identify import Days, Index, Known
from bonafide.payments.transfers.match import Bills, OpenBill
from bonafide.payments.transfers.models import BankStatement, Movement
from bonafide.payments.transfers.statement import BankLine

# How long after its issue a bill that is paid is still known by its reference: who pays twice does so within months.
KNOWN_FOR = timedelta(days=3 * 366)
_AT_ONCE = 5000


def known_movements(*, iban: str, lines: Sequence[BankLine]) -> Index:
    """What was noted of the days of these lines, or under their references."""
    index = Index()
    if not lines:
        return index
    days = [line.value_on for line in lines]
    booked = [line.booked_on for line in lines]
    references = sorted({line.bank_reference for line in lines if line.bank_reference})
    wanted = Q(value_on__range=(min(days), max(days)))
    rows: dict[int, Known] = {}
    for asked in [wanted, *(Q(bank_reference__in=some) for some in _in_parts(references))]:
        for pk, known in _rows(asked & Q(iban=iban)):
            rows.setdefault(pk, known)
    for pk in sorted(rows):
        index.add(rows[pk])
    told = BankStatement.objects.filter(iban=iban, first_on__lte=max(booked), last_on__gte=min(booked))
    index.days = [Days(format, first, last) for format, first, last in told.values_list("format", "first_on", "last_on")]  # type: ignore[arg-type]
    return index


def _rows(asked: Q) -> Iterable[tuple[int, Known]]:
    columns = ("bank_reference", "content", "count", "value_on", "amount_minor", "currency", "balance_minor")
    found = Movement.objects.filter(asked).annotate(format=F("statement__format"))
    rows = []
    for row in found.values(*columns, "format", "told", "pk").iterator(chunk_size=2000):
        told = json.loads(row.pop("told") or "{}")
        rows.append((row["pk"], Known(**row, reference=told.get("reference", ""), text=told.get("text", ""))))
    return rows


def _in_parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


def bills_to_pay(*, now: datetime) -> Bills:
    """Every bill that something is open on, and those of late on which nothing is, with what they replaced.

    Three queries, whatever there is.
    """
    replaced, also = _replaced()
    issued = Invoice.objects.issued().exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(total_minor__gt=0, account__is_test=False)
    columns = ("pk", "number", "payment_reference", "account_id", "account__reference", "account__name", "currency")
    still = issued.with_state(date.max).filter(open_minor__gt=0)  # type: ignore[misc]  # with_state's
    found = {
        row[0]: _bill(row, row[-2], row[-1], also)
        for row in still.order_by("pk").values_list(*columns, "open_minor", "due_on")
        if row[0] not in replaced
    }
    late = issued.filter(issued_at__gte=now - KNOWN_FOR).order_by("pk").values_list(*columns, "due_on")
    for row in late:
        if row[0] not in found and row[0] not in replaced:
            found[row[0]] = _bill(row, 0, row[-1], also)
    return Bills(found.values())


def _bill(row: tuple[Any, ...], open_minor: int, due_on: date | None, also: dict[int, list[tuple[str, str]]]) -> OpenBill:
    pk, number, reference, account_id, account_reference, name, currency = row[:7]
    return OpenBill(
        id=pk,
        number=number,
        reference=reference,
        account_id=account_id,
        account_reference=account_reference,
        names=(name,),
        currency=currency,
        open_minor=open_minor,
        due_on=due_on or date.max,
        replaces=tuple(also.get(pk, ())),
    )


def _replaced() -> tuple[dict[int, int], dict[int, list[tuple[str, str]]]]:
    """Bill -> the one in its place at last; and that one -> numbers and references of all that it stands for."""
    rows = Replacement.objects.values_list("original_id", "document_id", "original__number", "original__payment_reference")
    instead, known = dict[int, int](), list[tuple[int, str, str]]()
    for original, document, number, reference in rows:
        instead[original] = document
        known.append((original, number or "", reference))
    also: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for original, number, reference in known:
        last = original
        while last in instead:
            last = instead[last]
        also[last].append((number, reference))
    return instead, also
