"""The back office of documents: to look at, and to find those that fail."""

from datetime import timedelta

import pytest

from bonafide.billing.models import Invoice
from bonafide.documents.models import Document
from bonafide.documents.render_pending import note_issued
from tests.documents.bills import ISSUED, make_issued
from tests.factories.accounts import enter_as_staff

pytestmark = pytest.mark.django_db
LIST = "/staff/documents/document/"
REASON = "Invalid: the e-invoice does not pass our own check: the buyer has no SIREN"


@pytest.fixture
def staff(client, reasons_given):
    enter_as_staff(client)
    return client


@pytest.fixture
def bills() -> dict[str, Invoice]:
    """One in every state."""
    made = {name: make_issued() for name in ("pending", "failing", "paper", "complete")}
    note_issued()
    Document.objects.filter(invoice=made["failing"]).update(error=REASON, attempts=3)
    done = {"rendered_at": ISSUED + timedelta(hours=1), "path": "2026/x.pdf", "sha256": "0" * 64}
    Document.objects.filter(invoice=made["paper"]).update(**done, error="amounts in TND have more than two decimals")
    Document.objects.filter(invoice=made["complete"]).update(**done, xml_sha256="1" * 64)
    return made


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("", {"pending", "failing", "paper", "complete"}),
        ("failing", {"failing"}),
        ("pending", {"pending", "failing"}),
        ("paper", {"paper"}),
        ("complete", {"complete"}),
    ],
)
def test_staff_find_what_they_have_to_look_after(state, shown, staff, bills):
    page = staff.get(LIST, {"state": state} if state else {}).content.decode()
    assert {name for name, invoice in bills.items() if invoice.number in page} == shown
    assert (REASON in page) == ("failing" in shown)


def test_nothing_is_changed_there(staff, bills):
    document = Document.objects.get(invoice=bills["failing"])
    assert staff.get(f"{LIST}{document.pk}/change/").status_code == 200
    assert staff.post(f"{LIST}{document.pk}/change/", {}).status_code == 403
    assert staff.post(f"{LIST}{document.pk}/delete/", {"post": "yes"}).status_code == 403
