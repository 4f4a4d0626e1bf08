"""Bills: one a month, and kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef

from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import BillRun, Invoice
from bonafide.billing.run import skipped_as_zero
from bonafide.billing.verify import Fault, verify_books
from bonafide.documents.models import Document
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.terms.finding import Finding
from bonafide.usage.models import Total

# A month's bills may take so long after its end.
BILLED_WITHIN = timedelta(days=10)
# A document may take so long after its bill.
RENDERED_WITHIN = timedelta(hours=6)


def months_are_billed(operator: Operator, now: datetime) -> Finding:
    """Every month that was begun is finished, the last full month with usage was billed in time, and nobody was left out."""
    last = Month.of(now, operator.zone).previous()
    runs = {run.month: run for run in BillRun.objects.all()}
    unfinished = [key for key, run in runs.items() if run.finished_at is None and now - run.started_at > BILLED_WITHIN]
    if unfinished:
        return Finding({"months": len(runs)}, f"the bills of {Month.from_key(unfinished[0])} were begun and never finished")
    overdue = now - last.end(operator.zone) > BILLED_WITHIN
    if overdue and last.key not in runs and Total.objects.filter(bill_month=last.key).exists():
        return Finding({"months": len(runs)}, f"{last} has usage and was not billed")
    left_out = 0
    for key in sorted(runs)[-2:]:
        for outcome in compute_bills(month=Month.from_key(key), operator=operator):
            if not isinstance(outcome, ComputedBill) or not skipped_as_zero(bill=outcome, operator=operator):
                left_out += 1
    counts = {"months": len(runs), "bills": Invoice.objects.issued().count(), "left_out": left_out}
    return Finding(counts, f"{left_out} accounts of a billed month have no bill" if left_out else "")


def bills_are_kept(operator: Operator, now: datetime) -> Finding:
    """The chain of issued bills holds, and every bill has its document, unchanged, in the folder of documents."""
    books = verify_books()
    if isinstance(books, Fault):
        return Finding({}, f"the books do not hold: {books}")
    counts = {"bills": books.bills, "documents": 0, "read": 0}
    late = Invoice.objects.issued().filter(issued_at__lt=now - RENDERED_WITHIN)
    waiting = late.exclude(Exists(Document.objects.filter(invoice=OuterRef("pk"), rendered_at__isnull=False))).count()
    if waiting:
        return Finding(counts, f"{waiting} bills have no document {RENDERED_WITHIN.seconds // 3600} hours after their issue")
    for document in Document.objects.filter(rendered_at__isnull=False).only("path", "sha256", "size", "pk").iterator():
        counts["documents"] += 1
        path = Path(settings.INSTANCE.documents) / document.path
        if not path.is_file() or path.stat().st_size != document.size:
            return Finding(counts, f"the document {document.path} is missing or has another size")
        if document.pk % 30 == now.toordinal() % 30:  # each is read in full once a month
            counts["read"] += 1
            if sha256(path.read_bytes()).hexdigest() != document.sha256:
                return Finding(counts, f"the document {document.path} was changed")
    return Finding(counts)
