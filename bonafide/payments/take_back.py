"""Money that had come went back: what it settled is open again, and what was kept of it is gone. Booked once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, Sum

from bonafide.billing.amend.rectify import stands_for
from bonafide.billing.balance.grant import withdraw
from bonafide.billing.balance.models import Grant, Taken
from bonafide.billing.issue import lock_numbers
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.settle import settle_locked
from bonafide.operator import Operator
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.take_in import ReceiptRefused, part
from bonafide.payments.tell_service import tell_returned


def take_back(
    *,
    receipt: Receipt,
    amount_minor: int,
    returned_on: date,
    reference: str,
    operator: Operator,
    now: datetime,
    bill: Invoice | None = None,
) -> Returned:
    """Book that ``amount_minor`` of a receipt went back on ``returned_on``.

    It goes off ``bill`` first, if one is named; then off what is unused of the money in advance; then off the bills that the
    money settled, the last one first. The same ``reference`` again returns the row that is there.

    :raises ReceiptRefused: for no amount, for more than came and did not go back yet, or when the reference is booked already
        with another amount.
    """
    with transaction.atomic():
        lock_numbers()
        there = receipt.returned.filter(reference=reference).first()
        if there:
            if there.amount_minor != amount_minor:
                raise ReceiptRefused(f"return {reference} is booked already, with {there.amount_minor}, not {amount_minor}")
            return there
        gone = receipt.returned.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        if not 0 < amount_minor <= receipt.amount_minor - gone:
            raise ReceiptRefused(
                f"return {reference} of {amount_minor}: of payment {receipt.reference} {receipt.amount_minor - gone} "
                "(minor units) can go back"
            )
        left, number = amount_minor, 0
        kept = Grant.objects.filter(means=receipt.means, reference=receipt.reference).first()
        targets = list(_targets(receipt, bill, kept))
        for at, target in enumerate(targets, start=1):
            last = at == len(targets)
            if isinstance(target, Grant):
                share = min(left, _unused(target))
            else:
                share = left if last else min(left, _on(receipt, target, kept=kept))
            if share <= 0:
                continue
            number += 1
            _book(target, share, receipt.means, part(reference, number), returned_on, operator, now)
            left -= share
        if left:
            raise ReceiptRefused(
                f"return {reference}: {left} (minor units) of payment {receipt.reference} are on no bill any more"
            )
        returned = Returned.objects.create(
            receipt=receipt, reference=reference, amount_minor=amount_minor, returned_on=returned_on, taken_at=now
        )
        tell_returned(returned=returned, bills=bills_of(receipt=receipt), now=now)
        return returned


def bills_of(*, receipt: Receipt) -> list[Invoice]:
    """The bills that a receipt settled, in its order, each replaced by the one in its place."""
    mine = Q(reference=receipt.reference) | Q(reference__startswith=f"{receipt.reference}/")
    settled = Settlement.objects.filter(mine, means=receipt.means, amount_minor__gt=0).select_related("invoice").order_by("pk")
    return list(dict.fromkeys(stands_for(invoice=row.invoice) for row in settled))


def _targets(receipt: Receipt, bill: Invoice | None, kept: Grant | None) -> Iterator[Invoice | Grant]:
    """Where the money of a receipt may be by now."""
    bills = list(reversed(bills_of(receipt=receipt)))
    first = [stands_for(invoice=bill)] if bill else []
    yield from first
    if kept:
        yield kept
    used = Invoice.objects.filter(taken__grant=kept, taken__kind=Taken.Kind.USE).order_by("-pk") if kept else ()
    yield from dict.fromkeys([*(one for one in bills if one not in first), *(stands_for(invoice=one) for one in used)])


def _on(receipt: Receipt, bill: Invoice, *, kept: Grant | None) -> int:
    """What of a receipt is on a bill now: what it settled there, by itself or as money in advance, less what went back."""
    came = Q(reference=receipt.reference) | Q(reference__startswith=f"{receipt.reference}/")
    back = Q(pk=None)
    for reference in receipt.returned.values_list("reference", flat=True):
        back |= Q(reference=reference) | Q(reference__startswith=f"{reference}/")
    rows = Settlement.objects.filter(Q(came, amount_minor__gt=0) | Q(back, amount_minor__lt=0), means=receipt.means)
    settled = sum(row.amount_minor for row in rows.select_related("invoice") if stands_for(invoice=row.invoice) == bill)
    uses = kept.taken.filter(kind=Taken.Kind.USE).select_related("invoice") if kept else ()
    used = sum(use.amount_minor for use in uses if use.invoice and stands_for(invoice=use.invoice) == bill)
    return max(settled + used, 0)


def _unused(kept: Grant) -> int:
    return kept.amount_minor - (kept.taken.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _book(target: Invoice | Grant, minor: int, means: str, reference: str, on: date, operator: Operator, now: datetime) -> None:
    if isinstance(target, Invoice):
        settle_locked(invoice=target, amount_minor=-minor, received_on=on, means=means, reference=reference, now=now)
    else:
        known = {"reason": reference, "means": means, "reference": reference, "key": reference}
        withdraw(grant=target, amount_minor=minor, operator=operator, now=now, **known)  # type: ignore[arg-type]
