"""Money that came and went back: each movement once, on the bills it was for, the rest kept for who paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, transaction

from bonafide.billing.balance.models import Grant
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice, Settlement
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.take_back import take_back
from bonafide.payments.take_in import ReceiptRefused, take_in
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account
from tests.factories.billing import issue, make_invoice, make_plan, make_rate, subscribe

pytestmark = pytest.mark.django_db

DAY = date(2024, 10, 2)
NOW = datetime(2024, 10, 2, 9, tzinfo=UTC)


def receive(minor: int, *bills: Invoice | tuple[Invoice, int], **values: Any) -> Receipt:
    named = [bill if isinstance(bill, tuple) else (bill, None) for bill in bills]
    known = {
        "account": named[0][0].account if named else None,
        "currency": "EUR",
        "amount_minor": minor,
        "received_on": DAY,
        "means": "stripe",
        "reference": "pi_1",
        "bills": named,
        "operator": settings.OPERATOR,
        "now": NOW,
        **values,
    }
    return take_in(**known)


def return_(receipt: Receipt, minor: int, reference: str = "re_1", bill: Invoice | None = None) -> Returned:
    known = {"returned_on": DAY, "operator": settings.OPERATOR, "now": NOW}
    return take_back(receipt=receipt, amount_minor=minor, reference=reference, bill=bill, **known)


def bill_in_dollars() -> Invoice:
    """Of 1.00 before VAT, at 0.9 euro to the dollar; October has no rate yet."""
    account = make_account()
    make_rate("USD", "EUR", "0.9")
    subscribe(account, make_plan((None, Flat(amount=Decimal(1))), currency="USD", is_default=False))
    issue()
    return Invoice.objects.get(account=account)


def paid_on(bill: Invoice) -> int:
    return sum(Settlement.objects.filter(invoice=bill).values_list("amount_minor", flat=True))


def at_provider() -> int:
    """What the ledger says is at the provider."""
    account = settings.OPERATOR.books.clearing
    rows = Posting.objects.filter(currency="EUR").values_list("debit", "credit", "amount_minor")
    return sum((debit == account) * minor - (credit == account) * minor for debit, credit, minor in rows)


def test_it_settles_a_bill_and_keeps_what_is_too_much() -> None:
    bill = make_invoice()
    receipt = receive(1500, bill)
    assert (paid_on(bill), receipt.kept_minor) == (1200, 300)
    [kept] = Grant.objects.all()
    assert (kept.account, kept.kind, kept.amount_minor) == (bill.account, "prepaid", 300)
    assert at_provider() == 1500


def test_the_same_payment_is_booked_once_and_never_with_another_amount() -> None:
    bill, other = make_invoice(), make_invoice()
    first = receive(500, bill)
    assert receive(500, other) == first
    with pytest.raises(ReceiptRefused, match="booked already, with 500 EUR"):
        receive(501, bill)
    assert (paid_on(bill), paid_on(other), at_provider()) == (500, 0, 500)


def test_one_payment_for_several_bills_pays_them_in_order() -> None:
    one, two = make_invoice(), make_invoice()
    receive(2000, one, two)
    assert (paid_on(one), paid_on(two)) == (1200, 800)
    receive(100, (two, 60), reference="pi_2")
    assert (paid_on(two), Grant.objects.get().amount_minor) == (860, 40)


def test_a_rest_that_is_nobodys_is_refused_whole() -> None:
    bill = make_invoice()
    with pytest.raises(ReceiptRefused, match="nobody's"):
        receive(1500, bill, account=None)
    assert (paid_on(bill), Receipt.objects.count(), at_provider()) == (0, 0, 0)


def test_money_that_goes_back_goes_off_what_is_kept_and_then_off_the_bill() -> None:
    bill = make_invoice()
    receipt = receive(1500, bill)
    return_(receipt, 500)
    return_(receipt, 500)
    assert (paid_on(bill), at_provider()) == (1000, 1000)
    with pytest.raises(ReceiptRefused, match=r"1000 \(minor units\) can go back"):
        return_(receipt, 1001, "re_2")
    return_(receipt, 1000, "re_2")
    assert (paid_on(bill), at_provider()) == (0, 0)


def test_money_that_goes_back_for_a_bill_goes_off_that_bill() -> None:
    bill = make_invoice()
    receipt = receive(1500, bill)
    return_(receipt, 200, bill=bill)
    assert (paid_on(bill), Grant.objects.get().taken.count()) == (1000, 0)


def test_money_that_goes_back_reopens_no_more_of_a_bill_than_it_paid() -> None:
    one, two = make_invoice(), make_invoice()
    receive(500, one, means="transfer", reference="first")
    receipt = receive(1900, one, two)
    assert (paid_on(one), paid_on(two)) == (1200, 1200)
    return_(receipt, 1900)
    assert (paid_on(one), paid_on(two)) == (500, 0)


def test_a_rest_in_another_currency_is_worth_what_the_bill_says_where_its_month_has_no_rate() -> None:
    bill = bill_in_dollars()
    receipt = receive(bill.total_minor + 100, bill, currency="USD")
    kept = Grant.objects.get()
    assert (receipt.kept_minor, kept.amount_minor, kept.home_minor) == (100, 100, 90)


def test_what_was_booked_is_never_rewritten() -> None:
    receipt = receive(500, make_invoice())
    for rewrite in (lambda: Receipt.objects.update(amount_minor=1), receipt.delete):
        with pytest.raises(Error, match="stays as it was booked"), transaction.atomic():
            rewrite()
