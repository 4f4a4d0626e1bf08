"""Every issued invoice gets its PDF, sooner or later: the row says what is still to do, whatever became of the queue."""

from __future__ import annotations

import logging
import random
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from bonafide.billing.models import Invoice
from bonafide.documents.models import Document
from bonafide.documents.render_bill import render_bill, store

# How long after the first, second, third... attempt the next may begin. It is also the time within which a worker that was
# killed is believed to be still at work, so it is far longer than any rendering takes.
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
_CHUNK = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rendered:
    """What became of the documents that were due: ``skipped`` were another worker's."""

    done: int
    failed: int
    skipped: int


def note_issued() -> int:
    """A pending row for every issued invoice that has none, in order of issue; how many were added.

    Rows are only ever added from the lowest position on, so looking above the highest one finds all of the missing.
    """
    highest = Document.objects.order_by("-invoice__position").values_list("invoice__position", flat=True).first()
    newest: int | None = highest or 0
    added = 0
    while True:
        with transaction.atomic():
            missing = Invoice.objects.issued().filter(position__gt=newest).order_by("position")
            chunk = list(missing.values_list("pk", "position", "issued_at")[:_CHUNK])
            Document.objects.bulk_create(
                [Document(invoice_id=pk, next_attempt_at=issued_at) for pk, _position, issued_at in chunk], ignore_conflicts=True
            )
        if not chunk:
            return added
        added += len(chunk)
        newest = chunk[-1][1]


def render_pending(*, now: datetime, limit: int, invoice_id: int | None = None) -> Rendered:
    """Render at most ``limit`` documents that are due at ``now``; only that of ``invoice_id`` when one is named.

    Each is claimed by an update that only one worker can win, and rendered outside any transaction. A failure is written on
    the row and tried again after a growing pause; a kill is made up for in the same way.
    """
    note_issued()
    due = Document.objects.due(now)
    if invoice_id is not None:
        due = due.filter(invoice_id=invoice_id)
    # More than needed and shuffled, so that workers who look at the same moment seldom reach for the same row.
    candidates = list(due.only("pk", "attempts", "invoice_id")[: limit * 4])
    random.shuffle(candidates)
    chosen = candidates[:limit]
    # Read together and before the claims: an issued invoice never changes.
    invoices = Invoice.objects.prefetch_related("lines", "taxes").in_bulk([document.invoice_id for document in chosen])
    outcomes = [_render(document=document, invoice=invoices[document.invoice_id], now=now) for document in chosen]
    return Rendered(done=outcomes.count(True), failed=outcomes.count(False), skipped=outcomes.count(None))


def _render(*, document: Document, invoice: Invoice, now: datetime) -> bool | None:
    """Whether the document was rendered; ``None`` when another worker had claimed it since it was read."""
    pk, attempts = document.pk, document.attempts
    unclaimed = Document.objects.filter(pk=pk, attempts=attempts, rendered_at__isnull=True)
    if not unclaimed.update(attempts=F("attempts") + 1, next_attempt_at=now + _pause(attempts)):
        return None
    try:
        rendered = render_bill(invoice=invoice, validated=settings.OPERATOR.einvoice.validated)
        stored = store(invoice=invoice, rendered=rendered)
    except Exception as error:  # whatever it is, the other bills go on and this one's row says why
        line = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        log.error("bill %s: %s", invoice.number, line)
        _finish(pk=pk, attempts=attempts, error=line)
        return False
    if rendered.without:
        log.warning("bill %s has no e-invoice: %s", invoice.number, rendered.without)
    _finish(pk=pk, attempts=attempts, **asdict(stored), rendered_at=now, error=rendered.without[:500])
    return True


def _finish(*, pk: int, attempts: int, **outcome: object) -> None:
    """Write down what came of the attempt, unless the row has been claimed anew since."""
    Document.objects.filter(pk=pk, attempts=attempts + 1, rendered_at__isnull=True).update(**outcome)


def _pause(attempts: int) -> timedelta:
    return BACKOFF[min(attempts, len(BACKOFF) - 1)]
