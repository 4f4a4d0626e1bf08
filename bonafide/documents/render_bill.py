"""The bill as a PDF: rendered from the issued invoice, and kept as a file in the instance's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from django.conf import settings

from bonafide.billing.models import Invoice
from bonafide.documents.bill_data import bill_data
from bonafide.documents.typeset import typeset


@dataclass(frozen=True)
class Stored:
    """A file in the documents' folder: its path from there, its size in bytes and the SHA-256 of its content."""

    path: str
    sha256: str
    size: int


def render_bill(*, invoice: Invoice) -> bytes:
    """The PDF of an issued invoice, the same bytes whenever it is made again.

    :raises CannotTypeset: when Typst refuses or warns.
    :raises ValueError: for a draft, which is no document yet.
    """
    if invoice.issued_at is None:
        raise ValueError(f"invoice {invoice.pk} is a draft: only an issued bill has a document")
    data = msgspec.json.encode(bill_data(invoice=invoice)).decode()
    return typeset(template="bill.typ", data=data, timestamp=invoice.issued_at)


def store(*, invoice: Invoice, pdf: bytes) -> Stored:
    """Keep the PDF as ``<year>/<number>.pdf``: after a kill at any point there is the whole file or none."""
    assert invoice.issued_on is not None  # noqa: S101 - the table's own check constraint
    assert invoice.number is not None  # noqa: S101
    # A number may hold a slash, a file's name may not.
    name = f"{invoice.issued_on.year}/{invoice.number.replace('/', '%2F')}.pdf"
    _write(settings.INSTANCE.documents / name, pdf)
    return Stored(path=name, sha256=sha256(pdf).hexdigest(), size=len(pdf))


def _write(path: Path, content: bytes) -> None:
    """Draft, flush to disk, rename. The folder is not flushed: a name that a power cut takes away is missed when the bill is
    opened, and the file made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
