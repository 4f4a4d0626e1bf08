from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from bonafide.billing.models import Invoice
from bonafide.documents.models import Document
from bonafide.documents.open_document import NoEInvoice, open_document, open_e_invoice
from bonafide.documents.render_bill import render_bill
from bonafide.documents.render_pending import render_pending
from tests.documents.bills import ISSUED, make_issued

pytestmark = pytest.mark.django_db
NOW = ISSUED + timedelta(hours=1)


@pytest.fixture
def invoice() -> Invoice:
    return make_issued()


@pytest.fixture
def path(invoice: Invoice) -> Path:
    render_pending(now=NOW, limit=1)
    found = open_document(invoice=invoice)
    assert found is not None
    return found


def test_what_is_opened_is_what_was_rendered(invoice: Invoice, path: Path) -> None:
    assert path.read_bytes() == render_bill(invoice=invoice).pdf
    assert path.is_relative_to(settings.INSTANCE.documents)


def test_there_is_nothing_while_it_is_being_made(invoice: Invoice) -> None:
    assert open_document(invoice=invoice) is None
    render_pending(now=NOW, limit=0)
    assert Document.objects.pending().count() == 1
    assert open_document(invoice=invoice) is None


@pytest.mark.parametrize("harm", ["altered", "gone"])
def test_a_file_that_is_not_what_was_written_is_kept_back_and_made_again(harm: str, invoice: Invoice, path: Path) -> None:
    right = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(right.replace(b"%PDF", b"%FDP"))
    assert open_document(invoice=invoice) is None
    assert open_document(invoice=invoice) is None
    assert Document.objects.get().error.startswith("the stored file")
    assert render_pending(now=NOW, limit=1).done == 1
    assert open_document(invoice=invoice) == path
    assert path.read_bytes() == right


def test_the_data_beside_the_paper_is_opened_and_kept_in_the_same_way(invoice: Invoice, path: Path) -> None:
    beside = open_e_invoice(invoice=invoice)
    assert beside == path.with_suffix(".xml")
    right = beside.read_bytes()
    assert right == render_bill(invoice=invoice).xml
    beside.write_bytes(right.replace(b"362.40", b"3.62"))
    assert open_e_invoice(invoice=invoice) is None
    assert Document.objects.get().error == "the stored file xml was altered"
    assert render_pending(now=NOW, limit=1).done == 1
    assert open_e_invoice(invoice=invoice) == beside
    assert beside.read_bytes() == right


def test_a_bill_of_before_is_on_paper_alone(invoice: Invoice, path: Path) -> None:
    Document.objects.update(xml_sha256="")
    with pytest.raises(NoEInvoice):
        open_e_invoice(invoice=invoice)
    assert open_document(invoice=invoice) == path
