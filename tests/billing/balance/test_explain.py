"""Lines that come from no usage are explained all the same, and the customer's program finds them equal."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from bonafide.billing.models import Invoice
from bonafide.pricing.rating import PerUnit
from tests.billing.balance.grants import make_charge, make_grant
from tests.billing.explain.test_recompute import files, run
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import issue, make_meter, make_plan, subscribe, use

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill() -> Invoice:
    account, meter = make_account(), make_meter()
    subscribe(account, make_plan((meter, PerUnit(unit_price=Decimal("0.8"))), is_default=False))
    use(account, meter, "0")
    make_charge(account, "12.345", quantity=Decimal(2))
    make_grant(account, "credit", 500, reason="Outage")
    make_grant(account, "voucher", 300)
    issue()
    return Invoice.objects.get()


def test_the_program_says_equal_for_a_charge_and_for_what_is_taken_off(bill: Invoice, tmp_path: Path) -> None:
    usage, prices = files(bill)
    assert [(charge["price"]["code"], charge["price"]["terms"].get("amount")) for charge in prices["charges"]][1:] == [
        ("one-off", "12.345"),
        ("voucher", "-3"),
        ("credit", "-5"),
    ]
    status, said = run(tmp_path, usage, prices)
    assert (status, said.count(": equal")) == (0, 6), said
    prices["charges"][-1]["price"]["terms"]["amount"] = "-5.01"
    status, said = run(tmp_path, usage, prices)
    assert (status, said.count("NOT EQUAL")) == (1, 2), said


def test_the_page_of_such_a_line_says_what_it_is(bill: Invoice) -> None:
    client = Client()
    client.force_login(make_member(account=bill.account))
    pages = [client.get(f"/bills/{bill.number}/lines/{position}").content.decode() for position in (2, 3, 4)]
    assert ["made once" in page for page in pages] == [True, False, False]
    assert ["voucher or a credit" in page for page in pages] == [False, True, True]
