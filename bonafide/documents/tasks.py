"""What the background workers run. The clock is read here; the rows say what is to do, the queue only nudges."""

from __future__ import annotations

import os
import time
from functools import partial

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from bonafide.documents.models import Document
from bonafide.documents.render_pending import note_issued, render_pending

_BATCH = 20
# Under the minute after which `render_missing` comes again, so that a long backlog leaves room for other tasks.
_SECONDS = 50


@task()
def render_missing() -> str:
    """Every minute: render what is due, with a helper for each further processor when there is much of it."""
    note_issued()
    due = Document.objects.due(timezone.now()).count()
    for _helper in range(min((os.cpu_count() or 1) - 1, due // (5 * _BATCH))):
        render_some.enqueue()
    return render_some.call() if due else "nothing was due"


@task()
def render_some() -> str:
    """Render batch after batch until nothing is due or the time is over."""
    begun, done, failed = time.monotonic(), 0, 0
    while time.monotonic() - begun < _SECONDS:
        batch = render_pending(now=timezone.now(), limit=_BATCH)
        done, failed = done + batch.done, failed + batch.failed
        if not batch.done + batch.failed + batch.skipped:
            break
    return f"{done} rendered, {failed} failed"


@task()
def render_one(invoice_id: int) -> str:
    """Render one bill now, for somebody who waits."""
    batch = render_pending(now=timezone.now(), limit=1, invoice_id=invoice_id)
    return f"{batch.done} rendered, {batch.failed} failed"


def ask_for(*, invoice_id: int) -> None:
    """Nudge the workers to one bill once the transaction has committed; were that lost, the minute's round finds it."""
    transaction.on_commit(partial(render_one.enqueue, invoice_id))
