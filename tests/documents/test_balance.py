"""Bills that used vouchers, credits and money in advance, on paper and as data: all that an e-invoice is held to, they pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from bonafide.billing.balance.one_off import charge_once
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.documents.bill_data import bill_data
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.invariants import problems_of
from bonafide.documents.einvoice.rules import rule_problems_of
from bonafide.documents.einvoice.schema import schema_problems_of
from bonafide.documents.einvoice.sources import EN16931, FRENCH
from bonafide.operator import Operator
from bonafide.operator_tax import TaxRate
from bonafide.periods import Month
from bonafide.pricing.models import Plan
from tests.billing.balance.grants import make_grant, make_payer
from tests.factories.billing import issue, operator

pytestmark = pytest.mark.django_db
OCTOBER, NOW = Month(2026, 10), datetime(2026, 11, 2, 8, tzinfo=UTC)
BEFORE = datetime(2026, 10, 10, 8, tzinfo=UTC)


def by() -> Operator:
    rate = TaxRate(territory="FR", sort="books", rate=Decimal("5.5"), valid_from=date(2020, 1, 1), source="a test")
    return operator(tax={"rates": (rate,)}, billing={"number_prefix": "F"})


def billed(*grants: tuple[str, int], gross: bool = False, charge: str = "") -> Invoice:
    account = make_payer("100", "33.33")
    Plan.objects.update(gross=gross)
    for name, value in {"vat_number": "FR40303265045", "registration": "303265045"}.items():
        setattr(account, name, value)
    account.save()
    for kind, minor in grants:
        make_grant(account, kind, minor, now=BEFORE)
    if charge:
        words = {"text_en": "Handbook", "text_fr": "Manuel", "key": "book", "sort": "books"}
        charge_once(account=account, unit_price=Decimal(charge), charged_on=BEFORE.date(), operator=by(), now=BEFORE, **words)
    result = issue(month=OCTOBER, now=NOW, by=by())
    assert not result.stopped, result.stopped
    return Invoice.objects.get()


CASES: dict[str, Callable[[], Invoice]] = {
    "a credit": lambda: billed(("credit", 1234)),
    "two vouchers and a credit over two rates": lambda: billed(("voucher", 1001), ("voucher", 7), ("credit", 999), charge="9.99"),
    "a voucher where prices include the tax": lambda: billed(("voucher", 777), gross=True),
    "the same over two rates": lambda: billed(("voucher", 777), gross=True, charge="9.99"),
    "all of it off": lambda: billed(("voucher", 99999)),
    "a part paid in advance": lambda: billed(("prepaid", 5000)),
    "all of it paid in advance": lambda: billed(("prepaid", 99999)),
    "everything at once": lambda: billed(("voucher", 500), ("credit", 700), ("prepaid", 5000), charge="9.99"),
}


def held(xml: bytes) -> None:
    assert problems_of(xml=xml) == ()
    assert schema_problems_of(xml=xml) == ()
    assert rule_problems_of(xml=xml, rules=[EN16931]) == ()
    assert rule_problems_of(xml=xml, rules=[FRENCH]) == ()


@pytest.mark.parametrize("case", CASES)
def test_it_passes_our_invariants_the_schema_and_the_rules(case: str) -> None:
    held(e_invoice(invoice=CASES[case]()))


def test_what_vouchers_and_credits_take_off_are_allowances_with_their_reason() -> None:
    xml = etree.fromstring(e_invoice(invoice=billed(("voucher", 1000), ("credit", 500))))
    found = [
        (one.findtext("{*}ActualAmount"), one.findtext("{*}ReasonCode"), one.findtext("{*}Reason"))
        for one in xml.iter("{*}SpecifiedTradeAllowanceCharge")
    ]
    assert [(amount, code) for amount, code, _reason in found] == [("10.00", "100"), ("5.00", "95")]
    assert found[0][2].startswith("Voucher Reason")  # type: ignore[union-attr]


def test_a_bill_paid_in_advance_asks_for_nothing_on_paper_either() -> None:
    data = bill_data(invoice=billed(("prepaid", 99999)))
    assert (data.headline.label, data.payment) == ("Paid in advance", None)
    assert [one.amount for one in data.balance] == ["-€160.00", "€0.00"]


def test_a_bill_paid_in_part_asks_for_the_rest() -> None:
    data = bill_data(invoice=billed(("prepaid", 5000)))
    assert data.payment is not None
    assert ("Amount", "€110.00") in data.payment.facts


def test_the_credit_note_of_such_a_bill_passes_too_and_is_not_paid_in_advance() -> None:
    bill = billed(("voucher", 1000), ("prepaid", 99999))
    note = credit(invoice=bill, net_minor=None, reason="An outage", key="k", operator=by(), now=NOW)
    xml = e_invoice(invoice=note)
    held(xml)
    assert b"TotalPrepaidAmount" not in xml
