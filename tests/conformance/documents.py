"""The documents that are put before the validators: one of every kind, and some that must not pass."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pikepdf

from bonafide.billing.models import Invoice
from bonafide.documents.bill_data import bill_data
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.stamp import stamp
from bonafide.documents.typeset import typeset
from tests.documents.e_invoices import CASES
from tests.flows.test_reseller import FOCUS, RESELLER, render_every_bill, run


def documents(*, folder: Path) -> dict[str, Path]:
    """A PDF of every kind of bill, by what it is."""
    made = {}
    for place, (name, case) in enumerate(CASES.items()):
        invoice, standing = case()
        made[name] = folder / f"{place:02d}.pdf"
        made[name].write_bytes(stamp(pdf=_unstamped(invoice, e_invoice(invoice=invoice, standing=standing))))
    return made


def of_the_sample(*, folder: Path) -> dict[str, Path]:
    """The bills of a cloud's usage file, issued by the commands; none where the file is not beside the project."""
    if not FOCUS.exists():
        return {}
    home, bills = folder / "instance", folder / "sample"
    bills.mkdir()
    run(home, "init")
    run(home, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    run(home, "prices", "import", str(RESELLER))
    run(home, "prices", "rate", "USD", "EUR", "2024-09-30", "0.8932", "--source", "ECB reference rate")
    run(home, "bills", "issue", "2024-09")
    render_every_bill(home, bills)
    return {f"{FOCUS.name}: bill {file.stem}": file for file in sorted(bills.glob("*.pdf"))}


def spoiled(*, folder: Path) -> dict[str, tuple[Path, str]]:
    """PDFs with one thing wrong, each by what that is, and the check that has to see it."""
    invoice, standing = CASES["a French company"]()
    xml = e_invoice(invoice=invoice, standing=standing)
    right = _unstamped(invoice, xml)
    made = {
        "no claim of Factur-X": (right, "Factur-X"),
        "a total that is none": (
            stamp(pdf=_unstamped(invoice, xml.replace(b"GrandTotalAmount>362.40", b"GrandTotalAmount>462.40"))),
            "Factur-X",
        ),
        "an attachment that belongs to nothing": (_without(stamp(pdf=right), "/AF"), "PDF/A-3b"),
        "no tags": (_without(stamp(pdf=right), "/StructTreeRoot"), "PDF/UA-1"),
    }
    kept = {}
    for place, (name, (pdf, check)) in enumerate(made.items()):
        kept[name] = folder / f"spoiled-{place}.pdf", check
        kept[name][0].write_bytes(pdf)
    return kept


def _unstamped(invoice: Invoice, xml: bytes) -> bytes:
    assert invoice.issued_at is not None
    data = msgspec.json.encode(bill_data(invoice=invoice)).decode()
    return typeset(template="bill.typ", data=data, timestamp=invoice.issued_at, attached=xml.decode())


def _without(pdf: bytes, key: str) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as file:
        del file.Root[key]
        out = io.BytesIO()
        file.save(out)
    return out.getvalue()
