"""What the background workers run. The clock is read here."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from bonafide.documents.models import Document
from bonafide.documents.render_pending import note_issued, render_pending

_BATCH = 20
# So that a stop waits for no more than this: what is left over is the next minute's.
_SECONDS = 120
_HELPERS = 3


@task()
def render_missing() -> str:
    """Every minute: render what is due, with help from the other workers when there is much of it."""
    note_issued()
    due = Document.objects.due(timezone.now()).count()
    for _helper in range(min(_HELPERS, due // (5 * _BATCH))):
        render_some.enqueue()
    return render_some.call() if due else "nothing was due"


@task()
def render_some() -> str:
    """Render batches until nothing is due or the time is over."""
    begun, done, failed = time.monotonic(), 0, 0
    while time.monotonic() - begun < _SECONDS:
        batch = render_pending(now=timezone.now(), limit=_BATCH)
        done, failed = done + batch.done, failed + batch.failed
        if not batch.done + batch.failed + batch.skipped:
            break
    return f"{done} rendered, {failed} failed"


@task()
def render_one(invoice_id: int) -> str:
    """Render one bill now, for a customer who waits."""
    batch = render_pending(now=timezone.now(), limit=1, invoice_id=invoice_id)
    return f"{batch.done} rendered, {batch.failed} failed"


def enqueue(*, invoice_id: int) -> None:
    """Ask for one bill as soon as the running transaction has committed; were the request lost, the minute's round finds it."""
    transaction.on_commit(lambda: render_one.enqueue(invoice_id))
