"""The back office of bills: money is posted, and bills are taken back once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine

from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Correction, Loss, Replacement, Settlement
from bonafide.billing.verify import Verified, verify_books
from tests.factories.accounts import enter_as_staff, make_member
from tests.factories.billing import make_invoice

pytestmark = pytest.mark.django_db
ADD = "/staff/billing/correction/add/"


@pytest.fixture
def staff(client, reasons_given):
    client.person = enter_as_staff(client)
    return client


def test_a_payment_that_staff_enter_is_posted(staff) -> None:
    invoice = make_invoice()
    given = {"invoice": invoice.pk, "amount_minor": 1200, "received_on": "2024-10-02", "means": "cash", "reference": "1"}
    assert staff.post("/staff/billing/settlement/add/", given).status_code == 302
    assert Settlement.objects.get().amount_minor == 1200
    assert Posting.objects.filter(step="settlement", dated_on=date(2024, 10, 2)).count() == 2
    assert isinstance(verify_books(), Verified)


def test_staff_take_a_bill_back_once_with_a_reason(staff) -> None:
    invoice = make_invoice()
    assert 'name="amount"' in staff.get(ADD).content.decode()
    given = {"original": invoice.pk, "amount": "3.00", "reason": "Outage", "key": "staff 1"}
    for _ in range(2):
        assert staff.post(ADD, given).status_code == 302
    made = Correction.objects.get()
    assert (made.document.net_minor, made.reason, made.made_by) == (300, "Outage", staff.person)
    assert made.document.number in staff.get("/staff/billing/correction/").content.decode()
    assert "7.00 EUR is left" in staff.post(ADD, {**given, "amount": "7.01", "key": "staff 2"}).content.decode()
    assert "This field is required" in staff.post(ADD, {**given, "reason": "", "key": "staff 3"}).content.decode()
    assert staff.post(ADD, {**given, "amount": "", "key": "staff 4"}).status_code == 302
    assert Correction.objects.count() == 2
    assert isinstance(verify_books(), Verified)


def test_what_staff_took_back_stays(staff) -> None:
    invoice = make_invoice()
    with time_machine.travel(datetime(2024, 11, 2, 9, tzinfo=UTC), tick=False):
        enter_as_staff(staff)
        staff.post(ADD, {"original": invoice.pk, "amount": "", "reason": "Outage", "key": "staff 1"})
        made = Correction.objects.get()
        page = f"/staff/billing/correction/{made.pk}/"
        assert "Outage" in staff.get(f"{page}change/").content.decode()
        assert staff.post(f"{page}change/", {"reason": "Another"}).status_code == 403
        assert staff.post(f"{page}delete/", {"post": "yes"}).status_code == 403


# --- What is done to one bill ---------------------------------------------------------------------------------------------
def confirm(staff, page: str, given: dict[str, str]):
    """What was entered is shown first, and is done once that very page is confirmed."""
    shown = staff.post(page, {"key": "staff 1", **given})
    assert "Not done yet" in shown.content.decode()
    assert staff.post(page, {"key": "staff 1", **given, "confirm": "1", "seen": "something else"}).status_code == 200
    return shown, staff.post(page, {"key": "staff 1", **given, "confirm": "1", "seen": shown.context_data["seen"]})


def test_staff_take_a_line_back_once_they_have_seen_what_it_comes_to(staff) -> None:
    invoice = make_invoice()
    page = f"/staff/billing/invoice/{invoice.pk}/credit/"
    assert f'href="{page}"' in staff.get(f"/staff/billing/invoice/{invoice.pk}/change/").content.decode()
    assert 'name="quantity_1"' in staff.get(page).content.decode()
    shown, done = confirm(staff, page, {"reason": "Outage", "quantity_1": "2.5"})
    assert ("Total", "€2.40", "") in shown.context_data["rows"]
    assert ("Stays open on the bill", "€9.60", "") in shown.context_data["rows"]
    note = Correction.objects.get().document
    assert (done.status_code, done["Location"]) == (302, f"/staff/billing/invoice/{note.pk}/change/")
    assert (note.net_minor, Correction.objects.get().made_by) == (200, staff.person)
    refused = staff.post(page, {"key": "staff 2", "reason": "Outage", "amount_1": "9"}).content.decode()
    assert "8.00 EUR is left of it" in refused


def test_staff_replace_a_bill_and_give_another_up(staff) -> None:
    invoice = make_invoice()
    invoice.account.street = "9 rue Neuve"
    invoice.account.save()
    base = f"/staff/billing/invoice/{invoice.pk}"
    assert 'value="12.5"' in staff.get(f"{base}/rectify/").content.decode()
    shown, done = confirm(staff, f"{base}/rectify/", {"reason": "Moved", "quantity_1": "10", "unit_price_1": "0.8"})
    assert ("Total", "€12.00", "€9.60") in shown.context_data["rows"]
    made = Replacement.objects.get().document
    assert done["Location"] == f"/staff/billing/invoice/{made.pk}/change/"
    _shown, done = confirm(staff, f"/staff/billing/invoice/{made.pk}/give-up/", {"reason": "Insolvent", "amount": "9.60"})
    assert done.status_code == 302
    assert (Loss.objects.get().amount_minor, Loss.objects.get().made_by) == (960, staff.person)
    listed = staff.get("/staff/billing/invoice/").content.decode()
    assert "replaced" in listed
    assert "uncollectible" in listed
    assert f"was replaced by {made.number}" in staff.post(f"{base}/give-up/", {"key": "x", "reason": "r"}).content.decode()
    assert isinstance(verify_books(), Verified)


def test_nobody_else_comes_to_these_pages(client) -> None:
    invoice = make_invoice()
    client.force_login(make_member(account=invoice.account))
    for page in ("credit", "rectify", "give-up"):
        assert client.get(f"/staff/billing/invoice/{invoice.pk}/{page}/").status_code in (302, 403, 404)
        posted = client.post(f"/staff/billing/invoice/{invoice.pk}/{page}/", {"key": "k", "reason": "r"})
        assert posted.status_code in (302, 403, 404)
    assert not Correction.objects.exists()
