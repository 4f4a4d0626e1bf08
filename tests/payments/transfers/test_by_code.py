"""What a customer scans on a bill is enough: the transfer that their bank makes of it pays that bill, whole or the rest of it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.accounts import enter, make_member
from tests.factories.billing import make_invoice
from tests.factories.transfers import Paid, by_code, camt, paid_on, take
from tests.fakes.qr import scanned

pytestmark = pytest.mark.django_db


def test_the_code_on_a_bill_pays_it_and_after_a_part_the_rest() -> None:
    bill, other = make_invoice(), make_invoice()
    client = Client()
    enter(client, make_member(account=bill.account))
    take(camt(Paid("5.00", reference=bill.payment_reference), number="first"))
    code = scanned(client.get(f"/bills/{bill.number}").content.decode())
    assert "EUR7.00" in code.split("\n")
    assert take(camt(by_code(code), opening="105.00")).booked.payments == 1
    assert paid_on([bill, other]) == [1200, 0]
    page = client.get(f"/bills/{bill.number}").content.decode()
    assert '<span class="chip kept">paid</span>' in page
    with pytest.raises(ValueError, match="no code"):
        scanned(page)
