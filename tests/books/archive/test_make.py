"""A year of the books as one file: whole, the same each time, and what is touched in it is named, offline."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from django.conf import settings
from django.test import Client

from bonafide.billing.closings.close import close_months
from bonafide.billing.explain.note_usage import note_next
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.books.archive.make import CannotArchive
from bonafide.books.archive.pack import FileThere
from bonafide.books.archive.verify import verify
from bonafide.books.commands import books
from bonafide.documents.models import Document
from bonafide.documents.render_pending import note_issued, render_pending
from bonafide.periods import Month
from tests.billing.report.test_compile import OSS, sold  # noqa: F401 - a fixture
from tests.factories.billing import issue, make_evidence

pytestmark = pytest.mark.django_db
JANUARY = datetime(2025, 1, 12, tzinfo=UTC)


def bonafide(*arguments: str) -> Result:
    with time_machine.travel(datetime(2025, 2, 1, 9, tzinfo=UTC), tick=False):
        return CliRunner().invoke(books, ["archive", *arguments], catch_exceptions=True)


@pytest.fixture
def archive(sold: dict[str, Invoice], tmp_path: Path) -> Path:  # noqa: F811
    """2024, closed, in a file."""
    make_evidence(sold["Schmidt"].account, "bank", "DE")
    settle(invoice=sold["Dupont"], amount_minor=100, received_on=date(2024, 10, 20), means="transfer", reference="=B-2")
    while note_next(operator=settings.OPERATOR, now=JANUARY):
        pass
    note_issued()
    render_pending(now=JANUARY, limit=100)
    close_months(until=Month(2024, 12), operator=settings.OPERATOR, now=JANUARY)
    path = tmp_path / "books.zip"
    done = bonafide("2024", "--to", str(path))
    assert done.exit_code == 0, done.exception
    assert done.stdout.startswith(f"{path}: 12 bills in 38 files, signed by the key ")
    return path


def said(path: Path, key: str = "") -> list[str]:
    lines: list[str] = []
    holds = verify(str(path), key, lines.append)
    assert lines[-1] == ("everything holds" if holds else "NOT EVERYTHING HOLDS")
    return lines


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same archive with files changed or left out, as somebody without the key could write it."""
    other = path.with_name("other.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info, content)
    return other


def test_the_program_in_it_verifies_it_without_anything_of_ours(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        (tmp_path / "verify.py").write_bytes(opened.read("verify.py"))
        key = json.loads(opened.read("signature.json"))["key"]
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(archive), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"signed by the key {key}",
        f"books of 2024 of {settings.OPERATOR.identity.legal_name}, closed",
        "right: 12 bills and credit notes",
        "right: 2 payments",
        "right: 14 entries",
        *[line for line in done.stdout.splitlines() if line.startswith(("right: a FEC", "right: no FEC"))],
        "right: 3 closed months",
        "right: 12 digests of usage files",
        "everything holds",
    ]
    assert done.returncode == 0
    command[-1] = "0" * 64
    assert "not the one given" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
    published = Client().get("/.well-known/promises.json").json()["keys"]
    assert key in published.values()


def test_it_holds_what_an_inspector_asks_for(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        number = Invoice.objects.earliest("position").number
        assert opened.read(f"bills/pdf/{number}.pdf").startswith(b"%PDF")
        assert b"CrossIndustryInvoice" in opened.read(f"bills/xml/{number}.xml")
        assert b"WAPI-1" in opened.read("evidence/vies.jsonl")
        assert b'"kind":"bank"' in opened.read("evidence/locations.jsonl")
        assert b"outage" in opened.read("credit_notes/credit_notes.csv")
        assert b",'=B-2\r\n" in opened.read("payments/settlements.csv")
        assert len(opened.read("ledger/closings.jsonl").splitlines()) == 3
    assert names[-2:] == ["manifest.jsonl", "signature.json"]


def test_the_same_books_are_the_same_bytes_whatever_became_of_the_folder(archive: Path, tmp_path: Path) -> None:
    document = Document.objects.order_by("pk").first()
    assert document
    (settings.INSTANCE.documents / document.path).write_bytes(b"altered")
    again = tmp_path / "again.zip"
    assert bonafide("2024", "--to", str(again)).exit_code == 0
    assert again.read_bytes() == archive.read_bytes()


def test_a_byte_of_any_file_that_is_changed_is_found_and_its_file_named(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    for name in names:

        def change(found: str, content: bytes, name: str = name) -> bytes:
            if found != name or not content:
                return content
            middle = len(content) // 2
            return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

        if name.startswith("evidence/decisions"):
            continue  # there were none, so there is no byte
        wrong = [line for line in said(rewritten(archive, change)) if line.startswith("NOT RIGHT")]
        assert any(name in line for line in wrong), name


def test_a_byte_of_the_zip_itself_that_is_changed_is_found(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        info = opened.getinfo("bills/bills.jsonl")
    raw = bytearray(archive.read_bytes())
    raw[info.header_offset + 100] ^= 1
    other = archive.with_name("other.zip")
    other.write_bytes(raw)
    assert any(line.startswith("NOT RIGHT: bills/bills.jsonl") for line in said(other))


def test_a_file_taken_away_or_added_is_named(archive: Path) -> None:
    gone = rewritten(archive, lambda name, content: None if name == "ledger/closings.jsonl" else content)
    assert "NOT RIGHT: ledger/closings.jsonl: it is missing" in said(gone)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("bills/extra.txt", "x")
    assert "NOT RIGHT: bills/extra.txt: it was added, the manifest does not list it" in said(archive)


FORGED = {
    "bills/bills.jsonl": ('"net_minor":10000', '"net_minor":10001', "bill 2024-0000"),
    "ledger/ledger.jsonl": ('"411000"', '"416000"', "entry 1 of 2024, line 1"),
    "ledger/closings.jsonl": ('"settled_minor":6100', '"settled_minor":6101', "closing of 202410"),
    "payments/settlements.jsonl": ('"amount_minor":6000', '"amount_minor":6001', "payment B-1"),
    "bills/usage_files.jsonl": ('"size":', '"bill_seal":"x","size":', "usage file of bill"),
}


@pytest.mark.parametrize("name", FORGED)
def test_whoever_has_the_key_and_forges_a_file_still_breaks_its_chain_or_its_sums(name: str, archive: Path) -> None:
    """The operator themselves, that is: the manifest is made to fit, and signed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from bonafide.books.archive.pack import packing

    old, new, where = FORGED[name]
    key = Ed25519PrivateKey.from_private_bytes(settings.INSTANCE.evidence_key())
    other = archive.with_name("forged.zip")
    with zipfile.ZipFile(archive) as opened, packing(other, year=2024) as pack:
        for one in opened.namelist()[:-2]:
            content = opened.read(one)
            pack.add(one, [content.replace(old.encode(), new.encode(), 1) if one == name else content])
        facts = json.loads(opened.read("manifest.jsonl").splitlines()[0])
        pack.close(facts=facts, key=key)
    lines = said(other)
    assert lines[0].startswith("signed by the key")
    assert any(line.startswith(f"NOT RIGHT: {where}") for line in lines), lines


def test_a_year_follows_the_one_before_in_every_chain(archive: Path, tmp_path: Path) -> None:
    issue(month=Month(2024, 12), now=datetime(2025, 1, 20, tzinfo=UTC), by=OSS)
    late = tmp_path / "2025.zip"
    refused = bonafide("2025", "--to", str(late))
    assert isinstance(refused.exception, CannotArchive)
    assert "2025 is not closed: 'bonafide books close 2025-12' first" in str(refused.exception)
    assert bonafide("2025", "--to", str(late), "--open").exit_code == 0
    assert said(late)[1].endswith("not closed: as it stood")
    assert said(late)[-1] == "everything holds"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025.zip", "books.zip"]


def test_nothing_is_overwritten_and_nothing_left_behind(archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    assert isinstance(bonafide("2024", "--to", str(archive)).exception, FileThere)
    assert archive.read_bytes() == before
    assert "nothing was booked in 2020" in str(bonafide("2020", "--to", str(tmp_path / "none.zip")).exception)
    assert "choose a place" in str(bonafide("2024", "--to", str(tmp_path / "no/such/books.zip")).exception)
    assert [path.name for path in tmp_path.iterdir()] == ["books.zip"]
