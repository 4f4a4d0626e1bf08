"""Make the archive of a year."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from bonafide.billing.ledger.fec import NothingToExport, check_year, file_name, lines_of_year
from bonafide.billing.models import Invoice
from bonafide.books.archive import rows
from bonafide.books.archive.pack import Pack, packing
from bonafide.books.archive.rows import COLUMNS, Bounds, bounds_of, instant, jsonl
from bonafide.books.csv_file import csv_lines
from bonafide.documents.models import Document
from bonafide.documents.render_bill import render_bill, xml_beside
from bonafide.errors import Refused
from bonafide.instance import Instance
from bonafide.operator import Operator
from bonafide.terms.audit import published_key

FORMAT = 1
_SETTLEMENTS = ("bill", "currency", "amount_minor", "received_on", "entered_on", "entry", "means", "reference")
_CREDITS = ("number", "issued_on", "bill", "currency", "net_minor", "tax_minor", "total_minor", "reason")
_README = """The books of {year} of {name}, {state}.

  verify.py           python3 verify.py ARCHIVE.zip --key HEX: checks all of this offline, with Python alone
  manifest.jsonl      the SHA-256 of every file; signature.json signs it (Ed25519)
  bills/              every bill and credit note: bills.jsonl as its seal covers it, pdf/, xml/ (Factur-X), usage_files.jsonl
  ledger/             the ledger, the FEC, the closed months
  payments/           money on bills
  credit_notes/       which bill each is for, and why
  evidence/           VIES's answers, evidence of where consumers are, decisions on it: what taxes rest on

Amounts named *_minor are whole minor units (cents) of their currency. The operator publishes the key at
{keys}
"""


class CannotArchive(Refused):
    """There is no such archive to be made, and why."""


@dataclass(frozen=True)
class Archived:
    """``files`` besides manifest and signature; ``key`` is the public one, hexadecimal; ``without_xml``: bills on paper alone."""

    files: int
    bills: int
    key: str
    without_xml: int


def archive_year(
    *,
    year: int,
    path: Path,
    operator: Operator,
    now: datetime,
    even_open: bool = False,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Archived:
    """Write the archive of a year that is closed, or with ``even_open`` as it stands. The same books give the same bytes.

    Rows are streamed. ``on_progress`` is told of each bill. ``now`` is when the key is published from, if it is not yet.

    :raises CannotArchive: when nothing was booked in the year, it is not closed, or a bill cannot be put on paper.
    :raises FileThere: when there is such a file. :raises OSError: when it cannot be written; nothing is left behind.
    """
    bounds = bounds_of(year=year)
    if not bounds.entries and bounds.bills < 1:
        raise CannotArchive(f"nothing was booked in {year}: name another year")
    if bounds.closed_at is None and not even_open:
        raise CannotArchive(f"{year} is not closed: 'bonafide books close {year}-12' first, or --open for it as it stands")
    key, _name = published_key(now=now)
    with packing(path, year=year) as pack:
        fec = _fec(pack, year, operator)
        without = _documents(pack, bounds, on_progress)
        _rows(pack, bounds)
        facts = _facts(bounds, operator, fec)
        _program(pack, facts)
        files = pack.members
        pack.close(facts=facts, key=key)
    return Archived(files, bounds.bills, key.public_key().public_bytes_raw().hex(), without)


def bills_of(*, year: int) -> int:
    """How many documents there are to be archived."""
    return bounds_of(year=year).bills


def _facts(bounds: Bounds, operator: Operator, fec: str) -> dict[str, Any]:
    identity = operator.identity
    dated = instant(bounds.closed_at) if bounds.closed_at else str(bounds.posted_on or bounds.year)
    return {
        "format": FORMAT,
        "what": "the books of a year",
        "year": bounds.year,
        "state": "closed" if bounds.closed_at else "not closed: as it stood",
        "dated": dated,
        "operator": {
            "legal_name": identity.legal_name,
            "registration": identity.registration,
            "vat_number": identity.vat_number,
        },
        "currency": operator.billing.currency,
        "bills": bounds.bills,
        "bills_follow": {"position": bounds.first - 1, "seal": bounds.follows},
        "columns": COLUMNS,
        "fec": fec,
        "keys_at": f"{operator.service.console_url}/.well-known/promises.json",
    }


def _program(pack: Pack, facts: dict[str, Any]) -> None:
    """The program that verifies, and the words that say so."""
    said = {"year": facts["year"], "name": facts["operator"]["legal_name"], "state": facts["state"], "keys": facts["keys_at"]}
    pack.add("README.txt", [_README.format(**said).encode()])
    pack.add("verify.py", [(Instance.package_folder() / "books/archive/verify.py").read_bytes()])


def _fec(pack: Pack, year: int, operator: Operator) -> str:
    """The FEC, and its name; or why there is none."""
    try:
        name = file_name(year=year, operator=operator)
        check_year(year=year)
    except NothingToExport as none:
        return str(none)
    pack.add(f"ledger/{name}", (line.encode() for line in lines_of_year(year=year, operator=operator)))
    return name


def _rows(pack: Pack, bounds: Bounds) -> None:
    of_each = {
        "bills/bills.jsonl": rows.bills,
        "bills/usage_files.jsonl": rows.usage_files,
        "ledger/ledger.jsonl": rows.ledger,
        "ledger/closings.jsonl": rows.closings,
        "payments/settlements.jsonl": rows.settlements,
        "credit_notes/credit_notes.jsonl": rows.credit_notes,
        "evidence/vies.jsonl": rows.vies_answers,
        "evidence/locations.jsonl": rows.locations,
        "evidence/decisions.jsonl": rows.decisions,
    }
    for name, found in of_each.items():
        pack.add(name, jsonl(found(bounds)))
    for name, columns, found in (
        ("payments/settlements.csv", _SETTLEMENTS, rows.settlements),
        ("credit_notes/credit_notes.csv", _CREDITS, rows.credit_notes),
    ):
        pack.add(name, (line.encode() for line in csv_lines(columns=columns, rows=found(bounds))))


def _documents(pack: Pack, bounds: Bounds, on_progress: Callable[[int], None]) -> int:
    """Each bill as PDF and as XML; how many have no XML. What is missing or was altered in the folder is made again, for here."""
    issued = Invoice.objects.issued().filter(position__gte=bounds.first, position__lte=bounds.last).order_by("position")
    without = 0
    for invoice in issued.select_related("document").iterator(chunk_size=200):
        assert invoice.number is not None  # noqa: S101 - the table's own check constraint
        pdf, xml = _stored(getattr(invoice, "document", None)) or _made(invoice)
        name = invoice.number.replace("/", "%2F")
        pack.add(f"bills/pdf/{name}.pdf", [pdf])
        if xml:
            pack.add(f"bills/xml/{name}.xml", [xml])
        without += not xml
        on_progress(1)
    return without


def _stored(document: Document | None) -> tuple[bytes, bytes] | None:
    """The files in the folder, if they are what was written there."""
    if document is None or document.rendered_at is None:
        return None
    contents = []
    for path, digest in ((document.path, document.sha256), (xml_beside(document.path), document.xml_sha256)):
        if not digest:
            contents.append(b"")
            continue
        try:
            contents.append((settings.INSTANCE.documents / path).read_bytes())
        except OSError:
            return None
        if sha256(contents[-1]).hexdigest() != digest:
            return None
    return contents[0], contents[1]


def _made(invoice: Invoice) -> tuple[bytes, bytes]:
    try:
        rendered = render_bill(invoice=invoice)
    except Exception as problem:  # whatever it is, the bill must be named
        why = f"{type(problem).__name__}: {problem}"
        raise CannotArchive(
            f"bill {invoice.number} cannot be put on paper ({why}): see its document in the back office"
        ) from problem
    return rendered.pdf, rendered.xml


def lines_said(*, done: Archived, path: Path) -> Iterator[str]:
    """What whoever made it reads."""
    yield f"{path}: {done.bills} bills in {done.files} files, signed by the key {done.key}"
    if done.without_xml:
        yield f"notice: {done.without_xml} bills are on paper alone, without an e-invoice"
