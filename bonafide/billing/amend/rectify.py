"""A bill with the wrong buyer, tax or lines is replaced by a corrected invoice (384): same month, its own full amounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from django.db import transaction
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.models import User
from bonafide.billing.amend.as_corrected import RectifyRefused, as_corrected
from bonafide.billing.amend.changes import Changes
from bonafide.billing.amend.give_up import take_up
from bonafide.billing.amend.models import CARRIED, Replacement
from bonafide.billing.amend.stands import stands
from bonafide.billing.computed import ComputedBill
from bonafide.billing.draft import Draft, drafts_of
from bonafide.billing.issue import Place, number_drafts, take_place
from bonafide.billing.ledger.post import issued_from, issued_of, post_issued, post_reversal, post_settlement
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.seal import INVOICE_FIELDS, canonical
from bonafide.billing.write import write_bills
from bonafide.languages import written_day
from bonafide.operator import Operator

__all__ = ["RectifyPreview", "RectifyRefused", "paid_on", "preview_rectified", "rectify", "stands_for"]


def rectify(
    *,
    invoice: Invoice,
    reason: str,
    key: str,
    operator: Operator,
    now: datetime,
    changes: Changes | None = None,
    by: User | None = None,
) -> Invoice:
    """Issue the corrected invoice that stands in the place of ``invoice`` from now on.

    The buyer is the account as it is now, the tax is decided anew for it and the bill's month, and lines are as they were but
    for ``changes``. What was taken back by credit notes stays taken back, by lines of its own. Nothing is owed on the replaced
    bill any more: what was paid on it goes over, what was given up of it is taken up again, and the books take it back. The same
    ``key`` for the same bill returns the corrected invoice that is there.

    :raises RectifyRefused: on what is no issued bill, or was replaced; without a reason; when nothing would change, nothing or
        too much would be left, or the tax cannot be decided; when the key was used for something else.
    :raises ClockBehind: when the last document is dated later than ``now``.
    """
    reason = _reason(invoice, reason)
    with transaction.atomic():
        place = take_place(operator=operator, now=now)
        there = Replacement.objects.select_related("document").filter(key=key).first()
        if there:
            if (there.original_id, there.reason) != (invoice.pk, reason):
                raise RectifyRefused(f"key {key!r} was already used for bill {there.document.number}: use another")
            return there.document
        invoice = Invoice.objects.select_related("account").get(pk=invoice.pk)
        found = as_corrected(invoice=invoice, changes=changes or {}, operator=operator)
        draft = _draft(found.bill, invoice, reason, operator, place)
        numbered = number_drafts(drafts=[draft], place=place, prefix=operator.billing.number_prefix)
        ids = write_bills(bills=numbered)
        document = Invoice.objects.get(pk=ids[0])
        said = f"replaced by {document.number}"
        take_up(invoice=invoice, reason=said, key=said, operator=operator, on=place.issued_on)
        paid = paid_on(invoice)
        _carry(invoice, -paid, f"{invoice.number} to {document.number}", operator, now)
        row = {name: getattr(document, name) for name in ("id", *INVOICE_FIELDS)}
        post_reversal(original=invoice, document=issued_from(row=row), operator=operator)
        post_issued(issued=issued_of(ids=ids, bills=numbered), operator=operator)
        _carry(document, paid, f"{document.number} from {invoice.number}", operator, now)
        Replacement.objects.create(
            document=document, original=invoice, reason=reason, key=key, made_by=by, made_on=place.issued_on
        )
    return document


@dataclass(frozen=True)
class RectifyPreview:
    """What the corrected invoice would be beside the bill, and what of it would then be open, or paid too much."""

    before: Invoice
    after: ComputedBill
    buyer: list[tuple[str, str, str]]  # what of the buyer changes: its name, before, after
    lines: list[tuple[str, str, str]]  # position, before, after; empty where there is none
    treatment_before: str
    carried_minor: int
    open_minor: int
    paid_back_minor: int

    @property
    def difference_minor(self) -> int:
        return self.after.total_minor - self.before.total_minor


def preview_rectified(*, invoice: Invoice, changes: Changes, operator: Operator) -> RectifyPreview:
    """What :func:`rectify` would issue; nothing is written.

    :raises RectifyRefused: as :func:`rectify` would.
    """
    found = as_corrected(invoice=invoice, changes=changes, operator=operator)
    paid = paid_on(invoice)
    after = found.bill.total_minor - paid
    return RectifyPreview(
        before=invoice,
        after=found.bill,
        buyer=found.buyer_changes,
        lines=found.line_changes,
        treatment_before=str((invoice.tax_basis or {}).get("treatment", "")),
        carried_minor=paid,
        open_minor=max(after, 0),
        paid_back_minor=max(-after, 0) if found.bill.total_minor > 0 else max(paid, 0),
    )


def paid_on(invoice: Invoice) -> int:
    """What was settled of a bill, and goes over to the one in its place."""
    return invoice.settlements.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def stands_for(*, invoice: Invoice) -> Invoice:
    """The bill itself, or the last of those that replaced it one after the other: the one on which payments are booked."""
    while replaced_by := stands(invoice_id=invoice.pk).replaced_by:
        invoice = Invoice.objects.get(pk=replaced_by)
    return invoice


def _reason(invoice: Invoice, reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise RectifyRefused(f"bill {invoice.number}: expected a reason of at most 200 characters, which the corrected bill says")
    return reason


def _draft(bill: ComputedBill, original: Invoice, reason: str, operator: Operator, place: Place) -> Draft:
    """The rows of a bill of the month, told as what it is: a corrected invoice that names the one it replaces."""
    [draft] = drafts_of(bills=[bill], operator=operator, due_on=place.due_on)
    with translation.override(bill.language):
        said = _("Corrected bill: replaces bill %(number)s of %(day)s, on which nothing is owed any more: %(reason)s") % {
            "number": original.number,
            "day": written_day(original.issued_on or date.min, bill.language),
            "reason": reason,
        }
    rest = msgspec.json.decode(draft.invoice["mentions"], type=list[str])
    return draft._replace(invoice={**draft.invoice, "kind": "384", "mentions": canonical([said, *rest])})


def _carry(invoice: Invoice, minor: int, reference: str, operator: Operator, now: datetime) -> None:
    """Money that leaves a bill, or comes to it from the one that it replaces."""
    if minor:
        day = now.astimezone(operator.zone).date()
        row = Settlement.objects.create(invoice=invoice, amount_minor=minor, received_on=day, means=CARRIED, reference=reference)
        post_settlement(settlement=row, operator=operator, now=now)
