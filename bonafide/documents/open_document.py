"""The stored file of a bill, only if it is still what was written."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from bonafide.billing.models import Invoice
from bonafide.documents.models import Document

log = logging.getLogger(__name__)


def open_document(*, invoice: Invoice) -> Path | None:
    """The PDF of an invoice; ``None`` while it is being made.

    A file that is gone or was altered is not handed out: the document is pending again, and the next rendering brings back
    what the sealed invoice says.
    """
    document = Document.objects.filter(invoice=invoice, rendered_at__isnull=False).first()
    if document is None:
        return None
    path: Path = settings.INSTANCE.documents / document.path
    try:
        intact = sha256(path.read_bytes()).hexdigest() == document.sha256
        problem = "" if intact else "the stored file was altered"
    except OSError as error:
        problem = f"the stored file cannot be read ({error.strerror})"
    if not problem:
        return path
    log.error("document %s of bill %s: %s; it is made again", document.pk, invoice.number, problem)
    document.make_again(because=problem)
    return None
