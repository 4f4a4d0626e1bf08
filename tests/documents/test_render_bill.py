import io
import os
import re
import stat
import subprocess
import sys
from hashlib import sha256
from multiprocessing import get_context

import msgspec
import pypdf
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from bonafide.billing.models import Invoice
from bonafide.documents import typeset as typesetter
from bonafide.documents.bill_data import bill_data
from bonafide.documents.einvoice.stamp import stamp
from bonafide.documents.render_bill import Rendered, render_bill, store
from bonafide.documents.typeset import SUBSTITUTE, CannotTypeset, typeset
from tests.documents.bills import ISSUED, buyer, line, make_issued, mentions, seller
from tests.factories.accounts import make_account

pytestmark = pytest.mark.django_db


def read(invoice: Invoice) -> tuple[pypdf.PdfReader, str]:
    """The PDF of the invoice and its text, with every kind of space as a plain one."""
    reader = pypdf.PdfReader(io.BytesIO(render_bill(invoice=invoice).pdf))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_the_paper_says_who_bills_whom_for_what_and_how_much() -> None:
    invoice = make_issued()
    _reader, text = read(invoice)
    for said in [
        invoice.number, "€362.40", "€302.00", "VAT 20 %", "€60.40", "1 November 2026", "3 November 2026", "1–31 October 2026",
        "Nordlys Cloud", "12 rue des Lanternes", "SAS with a capital of 10 000 EUR", "732829320 R.C.S. Paris", "FR44732829320",
        "Atelier Vega SARL", "69001 Lyon", "FR40303265045", "Instance DEV1-L, atelier-web-1", "745 h", "€0.085", "€63.33",
        "1 to 31 October: 745 h", "FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP", "RF93 F202 6000 42", "1 / 1", *mentions(),
    ]:  # fmt: skip
        assert str(said) in text


def test_one_line_is_enough() -> None:
    reader, text = read(make_issued(lines=[line("One hour", "1", "h", "0.085")]))
    assert len(reader.pages) == 1
    assert "One hour" in text


def test_three_thousand_lines_are_all_there_and_every_page_has_its_header_and_number() -> None:
    lines = [line(f"Machine {number:04d}.", "745", "h", "0.085") for number in range(3000)]
    reader, text = read(make_issued(lines=lines))
    pages = len(reader.pages)
    assert pages > 60
    assert [number for number in range(3000) if f"Machine {number:04d}." not in text] == []
    for place, page in enumerate(reader.pages, start=1):
        found = " ".join(page.extract_text().split())
        assert f"{place} / {pages}" in found
        if "Machine" in found:
            assert "Quantity Unit price Before tax" in found


def test_a_french_customer_reads_french() -> None:
    reader, text = read(make_issued(language="fr"))
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"
    assert "362,40 €" in text
    assert "1–31 octobre 2026" in text
    with translation.override("fr"):
        assert gettext("Pay by transfer") in text


def test_reverse_charge_says_why_no_tax_is_asked() -> None:
    mention = "Reverse charge: the customer owes the VAT (articles 44 and 196 of Directive 2006/112/EC)."
    german = buyer(country="DE", vat_number="DE129273398", city="Berlin", postcode="10115")
    _reader, text = read(make_issued(rate="0", category="AE", reason="Reverse charge", buyer=german, mentions=[mention]))
    for said in ["VAT 0 %", "on €302.00 · Reverse charge", mention, "DE129273398", "FR44732829320", "Germany"]:
        assert said in text


def test_a_bill_of_nothing_and_a_bill_below_nothing_are_bills_too() -> None:
    _reader, zero = read(make_issued(lines=[line("Nothing used", "0", "h", "1")]))
    _reader, below = read(make_issued(lines=[line("Credit", "-1", "month", "50")]))
    assert "Nothing to pay €0.00" in zero
    assert "In your favour €60.00" in below
    assert "Total -€60.00" in below
    assert "IBAN" not in zero + below


NAMES = [
    "株式会社東京クラウド",
    "北京云计算有限公司",
    "한국클라우드",
    "Ελληνικό Νέφος",
    "ТОВ Хмара Київ",
    "Công ty Điện Toán Mây",
    "ქართული",
    "Հայերեն",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_other_scripts_stand_as_they_are(name: str) -> None:
    _reader, text = read(make_issued(buyer=buyer(name=name)))
    assert name in text
    assert SUBSTITUTE not in text


@pytest.mark.parametrize("name", ["شركة السحابة العربية", "חברת הענן"])
def test_names_that_run_from_right_to_left_are_all_there(name: str) -> None:
    _reader, text = read(make_issued(buyer=buyer(name=name)))
    assert all(word in text for word in name.split())
    assert SUBSTITUTE not in text


@pytest.mark.parametrize("name", ["Café 😀 Nord", "𓀀 and 😀, 🦊🦊 and ༄", "\U000f0000"])
def test_a_character_that_no_font_has_is_shown_as_missing_and_the_bill_still_comes(name: str) -> None:
    _reader, text = read(make_issued(buyer=buyer(name=name)))
    assert SUBSTITUTE in text
    assert "€362.40" in text


def test_long_words_are_broken_inside_their_column_and_copied_without_marks() -> None:
    word = "SubAccountId-" + "0123456789abcdef" * 6
    reader, text = read(make_issued(lines=[line(word, "1", "h", "1")], buyer=buyer(name="N" * 200, reference=word)))
    assert "\u200b" not in text
    assert text.replace(" ", "").count(word) == 2
    pieces = re.findall(r"[0-9a-f]{17,}|N{2,}", reader.pages[0].extract_text())
    assert len(pieces) > 6
    assert max(map(len, pieces)) < 75  # about what a column holds; unbroken they would be 96 and 200


def test_a_trial_says_on_every_page_that_nothing_is_owed() -> None:
    reader, _text = read(make_issued(trial=True, lines=[line(f"Line {number}", "1", "h", "1") for number in range(100)]))
    assert len(reader.pages) > 2
    assert all("Trial: nothing is owed" in page.extract_text() for page in reader.pages)
    _reader, real = read(make_issued())
    assert "Trial" not in real


def test_the_document_claims_archiving_and_accessibility_and_has_title_language_and_tags() -> None:
    invoice = make_issued()
    reader, _text = read(invoice)
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    for claim in ["<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>B</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"]:
        assert claim in xmp
    root = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"Invoice {invoice.number}, Nordlys Cloud"
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    tags = _tags(root["/StructTreeRoot"])
    assert {"/Table", "/THead", "/TH", "/TD", "/H1", "/H2", "/Figure"} <= set(tags)
    assert tags["/Figure"] == ["Code for a bank's app: a transfer of €362.40 to Nordlys Cloud SAS, reference RF93F202600042"]


def test_the_data_is_inside_and_the_metadata_says_so() -> None:
    invoice = make_issued()
    rendered = render_bill(invoice=invoice)
    reader = pypdf.PdfReader(io.BytesIO(rendered.pdf))
    assert [bytes(content) for content in reader.attachments["factur-x.xml"]] == [rendered.xml]
    root = reader.trailer["/Root"]
    file = root["/AF"][0].get_object()
    assert (file["/AFRelationship"], file["/UF"]) == ("/Data", "factur-x.xml")
    assert file["/EF"]["/F"]["/Subtype"] == "/text/xml"
    assert file["/Desc"] == "This bill as data, for accounting programs (Factur-X)"
    xmp = root["/Metadata"].get_data().decode()
    claim = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
    assert f'xmlns:fx="{claim}"' in xmp
    assert f"namespaceURI>{claim}<" in xmp
    for said in ["DocumentType>INVOICE", "DocumentFileName>factur-x.xml", "Version>1.0", "ConformanceLevel>EN 16931"]:
        assert f"<fx:{said}<" in xmp
        assert f":name>{said.split('>')[0]}<" in xmp


def test_only_what_holds_the_data_is_claimed_to() -> None:
    bare = typeset(template="probe.typ", data="hello", timestamp=ISSUED)
    with pytest.raises(ValueError, match=r"no factur-x\.xml attached"):
        stamp(pdf=bare)


def _tags(node: object) -> dict[str, list[str]]:
    """Every kind of tag under a node, with the alternative texts it has."""
    found: dict[str, list[str]] = {}
    waiting = [node]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if isinstance(node, pypdf.generic.IndirectObject) else node
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if "/S" in node:
                found.setdefault(node["/S"], []).extend([str(node["/Alt"])] if "/Alt" in node else [])
            waiting += [node["/K"]] if "/K" in node else []
    return found


def test_the_same_invoice_gives_the_same_bytes_whenever_it_is_rendered() -> None:
    invoice = make_issued(trial=True)
    first = render_bill(invoice=invoice)
    invoice.account.name = "Renamed since"
    invoice.account.save()
    with translation.override("fr"):
        assert render_bill(invoice=Invoice.objects.get(pk=invoice.pk)) == first


def test_the_instant_of_issue_may_have_microseconds() -> None:
    reader, _text = read(make_issued(issued_at=ISSUED.replace(microsecond=123456)))
    assert reader.metadata is not None
    assert reader.metadata.creation_date == ISSUED


def test_a_draft_is_no_document() -> None:
    values = {"seller": seller(), "buyer": buyer(), "net_minor": 0, "tax_minor": 0, "total_minor": 0}
    draft = Invoice(account=make_account(), month=202610, currency="EUR", language="en", **values)
    with pytest.raises(ValueError, match="draft"):
        render_bill(invoice=draft)


def test_a_warning_is_as_bad_as_an_error(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "warns.typ").write_text('#set document(title: "x")\n#set text(font: "No Such Font")\nHello')
    (tmp_path / "fails.typ").write_text('#set document(title: "x")\n#no-such-thing')
    monkeypatch.setattr(typesetter, "TEMPLATES", tmp_path)
    with pytest.raises(CannotTypeset, match="unknown font family"):
        typeset(template="warns.typ", data="{}", timestamp=ISSUED)
    with pytest.raises(CannotTypeset, match="unknown variable"):
        typeset(template="fails.typ", data="{}", timestamp=ISSUED)


@pytest.mark.parametrize(("characters", "forgets"), [(1_000, False), (typesetter._LARGE, True)])
def test_after_a_large_bill_typst_is_made_to_let_go_of_it(
    characters: int, forgets: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(typesetter, "_compile", lambda template, *_given: compiled.append(template) or b"")
    typeset(template="bill.typ", data="x" * (characters + 1), timestamp=ISSUED)
    assert compiled == ["bill.typ"] + ["probe.typ"] * (10 if forgets else 0)


def test_a_spawned_worker_renders_after_its_parent_did() -> None:
    data = msgspec.json.encode(bill_data(invoice=make_issued())).decode()
    here = typeset(template="bill.typ", data=data, timestamp=ISSUED)
    with get_context("spawn").Pool(1) as pool:
        there = pool.apply_async(typeset, kwds={"template": "bill.typ", "data": data, "timestamp": ISSUED}).get(timeout=60)
    assert there == here


def test_importing_compiles_nothing_so_that_a_forked_worker_can() -> None:
    script = (
        "import os, django; django.setup()\n"
        "from bonafide.documents import bill_data, open_document, render_bill, render_pending, schedules, tasks, typeset\n"
        "assert typeset._fonts.cache_info().currsize == 0\n"
        "child = os.fork()\n"
        "if child: raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "import datetime\n"
        "now = datetime.datetime.now(datetime.UTC)\n"
        "typeset.typeset(template='probe.typ', data='hello', timestamp=now)\n"
        "assert typeset._fonts.cache_info().currsize == 1\n"  # so the first assertion would have seen it
        "os._exit(7)\n"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "bonafide.settings", "BONAFIDE_HOME": str(settings.INSTANCE.home)}
    assert subprocess.run([sys.executable, "-c", script], env=env, timeout=60, check=False).returncode == 7


def test_the_file_is_private_whole_and_named_by_its_year_and_number() -> None:
    invoice = make_issued(number="F/2026/7")
    stored = store(invoice=invoice, rendered=Rendered(pdf=b"%PDF", xml=b"<xml/>"))
    path = settings.INSTANCE.documents / stored.path
    assert stored.path == "2026/F%2F2026%2F7.pdf"
    assert (path.read_bytes(), stored.size) == (b"%PDF", 4)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    beside = path.with_suffix(".xml")
    assert (beside.read_bytes(), stat.S_IMODE(beside.stat().st_mode)) == (b"<xml/>", 0o600)
    assert stored.xml_sha256 == sha256(b"<xml/>").hexdigest()
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []
