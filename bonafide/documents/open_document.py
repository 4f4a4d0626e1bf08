"""The stored files of a bill, only if they are still what was written."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from bonafide.billing.models import Invoice
from bonafide.documents.models import Document
from bonafide.documents.render_bill import xml_beside

log = logging.getLogger(__name__)


class NoEInvoice(Exception):
    """The bill is on paper alone: it was made before there were e-invoices, or cannot be expressed as one."""


def open_document(*, invoice: Invoice) -> Path | None:
    """The PDF of an invoice; ``None`` while it is being made.

    A file that is gone or was altered is not handed out: the document is pending again, and the next rendering brings back
    what the sealed invoice says.
    """
    document = _rendered(invoice)
    return _intact(document, document.path, document.sha256) if document else None


def open_e_invoice(*, invoice: Invoice) -> Path | None:
    """The XML of an invoice, in the same way.

    :raises NoEInvoice: when there is none, and none to come.
    """
    document = _rendered(invoice)
    if document is None:
        return None
    if not document.xml_sha256:
        raise NoEInvoice
    return _intact(document, xml_beside(document.path), document.xml_sha256)


def _rendered(invoice: Invoice) -> Document | None:
    return Document.objects.filter(invoice=invoice, rendered_at__isnull=False).select_related("invoice").first()


def _intact(document: Document, name: str, digest: str) -> Path | None:
    path: Path = settings.INSTANCE.documents / name
    try:
        problem = "" if sha256(path.read_bytes()).hexdigest() == digest else f"the stored file {path.suffix[1:]} was altered"
    except OSError as error:
        problem = f"the stored file {path.suffix[1:]} cannot be read ({error.strerror})"
    if not problem:
        return path
    log.error("document %s of bill %s: %s; it is made again", document.pk, document.invoice.number, problem)
    document.make_again(because=problem)
    return None
