"""The back office of bills: money is posted, and bills are taken back once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine

from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Correction, Settlement
from bonafide.billing.verify import Verified, verify_books
from tests.factories.accounts import enter_as_staff
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
