"""The bill as a PDF with its data inside, and the data beside it: made from the issued invoice, kept in the instance's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from django.conf import settings

from bonafide.billing.models import Invoice
from bonafide.documents.bill_data import bill_data
from bonafide.documents.einvoice.build import CannotExpress, e_invoice
from bonafide.documents.einvoice.stamp import stamp
from bonafide.documents.einvoice.validate import Invalid, hold_to_invariants, validate
from bonafide.documents.typeset import typeset


@dataclass(frozen=True)
class Rendered:
    """A bill on paper and as data; ``without`` says in a line why there is no data, where there is none."""

    pdf: bytes
    xml: bytes = b""
    without: str = ""


@dataclass(frozen=True)
class Stored:
    """Files in the documents' folder: the PDF's path from there, its size in bytes, and the SHA-256 of it and of the XML."""

    path: str
    sha256: str
    size: int
    xml_sha256: str = ""


def render_bill(*, invoice: Invoice, validated: bool = False) -> Rendered:
    """An issued invoice as PDF/A-3 with its e-invoice inside (Factur-X), the same bytes whenever it is made again.

    ``validated``: nothing is made of a bill whose e-invoice does not pass every check. Otherwise only our own is made, and a bill
    that does not pass it, or that no e-invoice can express, is on paper alone.

    :raises CannotTypeset: when Typst refuses or warns.
    :raises CannotExpress, Invalid, CannotCheck: with ``validated``, when the e-invoice may not go out or nothing is known of it.
    :raises ValueError: for a draft, which is no document yet.
    """
    if invoice.issued_at is None:
        raise ValueError(f"invoice {invoice.pk} is a draft: only an issued bill has a document")
    try:
        xml, without = e_invoice(invoice=invoice), ""
        (validate if validated else hold_to_invariants)(xml=xml)
    except (CannotExpress, Invalid) as problem:
        if validated:
            raise
        xml, without = b"", str(problem)
    data = msgspec.json.encode(bill_data(invoice=invoice)).decode()
    pdf = typeset(template="bill.typ", data=data, timestamp=invoice.issued_at, attached=xml.decode())
    return Rendered(stamp(pdf=pdf) if xml else pdf, xml, without)


def store(*, invoice: Invoice, rendered: Rendered) -> Stored:
    """Keep the PDF as ``<year>/<number>.pdf`` and the XML beside it: after a kill at any point each is whole or not there."""
    assert invoice.issued_on is not None  # noqa: S101 - the table's own check constraint
    assert invoice.number is not None  # noqa: S101
    # A number may hold a slash, a file's name may not.
    name = f"{invoice.issued_on.year}/{invoice.number.replace('/', '%2F')}.pdf"
    if rendered.xml:
        _write(settings.INSTANCE.documents / xml_beside(name), rendered.xml)
    _write(settings.INSTANCE.documents / name, rendered.pdf)
    return Stored(
        path=name,
        sha256=sha256(rendered.pdf).hexdigest(),
        size=len(rendered.pdf),
        xml_sha256=sha256(rendered.xml).hexdigest() if rendered.xml else "",
    )


def xml_beside(path: str) -> str:
    """The name of the XML that belongs to a PDF."""
    return path.removesuffix(".pdf") + ".xml"


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
