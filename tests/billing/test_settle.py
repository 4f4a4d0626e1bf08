"""Money on a bill, and where the bill stands on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.billing.models import Invoice, Settlement, State
from bonafide.billing.settle import SettlementRefused, settle
from bonafide.pricing.rating import PerUnit
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import SEPTEMBER, issue, make_invoice, make_meter, make_plan, use

pytestmark = pytest.mark.django_db

RECEIVED = date(2024, 10, 2)
DUE = date(2024, 10, 3)


def pay(invoice: Invoice, amount: int, reference: str = "B-1") -> Settlement:
    return settle(invoice=invoice, amount_minor=amount, received_on=RECEIVED, means="transfer", reference=reference)


def state_of(invoice: Invoice, today: date) -> str:
    return str(Invoice.objects.with_state(today).get(pk=invoice.pk).state)  # type: ignore[attr-defined]


def test_a_bill_goes_from_to_be_paid_over_partly_paid_to_paid() -> None:
    invoice = make_invoice()
    assert (invoice.total_minor, invoice.due_on) == (1200, DUE)
    assert state_of(invoice, RECEIVED) == State.ISSUED
    pay(invoice, 500)
    assert state_of(invoice, RECEIVED) == State.PARTLY_PAID
    pay(invoice, 700, "B-2")
    assert state_of(invoice, RECEIVED) == State.PAID


def test_what_was_received_later_does_not_count_on_an_earlier_day() -> None:
    invoice = make_invoice()
    pay(invoice, 1200)
    assert state_of(invoice, date(2024, 10, 1)) == State.ISSUED


def test_a_bill_is_overdue_from_the_day_after_it_was_due() -> None:
    invoice = make_invoice()
    pay(invoice, 500)
    assert state_of(invoice, DUE) == State.PARTLY_PAID
    assert state_of(invoice, date(2024, 10, 4)) == State.OVERDUE


def test_money_that_goes_back_makes_a_bill_owed_again() -> None:
    invoice = make_invoice()
    pay(invoice, 1200)
    pay(invoice, -1200, "refund of B-1")
    assert state_of(invoice, RECEIVED) == State.ISSUED


@pytest.mark.parametrize("quantity", ["0", "-5"])
def test_a_bill_of_zero_or_less_is_paid_at_issue(quantity: str) -> None:
    assert state_of(make_invoice(hours=quantity), date(2025, 1, 1)) == State.PAID


def test_a_draft_is_a_draft() -> None:
    draft = Invoice.objects.create(
        account=make_account(), month=202409, currency="EUR", language="en", seller={}, buyer={},
        period_start_on=SEPTEMBER.first_day, period_end_on=SEPTEMBER.last_day, net_minor=0, tax_minor=0, total_minor=0,
    )  # fmt: skip
    assert state_of(draft, DUE) == State.DRAFT
    with pytest.raises(SettlementRefused, match="is not issued"):
        pay(draft, 100)


def test_the_same_payment_told_twice_is_booked_once() -> None:
    invoice = make_invoice()
    assert pay(invoice, 500) == pay(invoice, 500)
    assert Settlement.objects.count() == 1


def test_the_same_payment_told_differently_is_refused() -> None:
    invoice = make_invoice()
    pay(invoice, 500)
    with pytest.raises(SettlementRefused, match=r"payment B-1 \(transfer\) is already booked: 500 on bill 2024-000001"):
        pay(invoice, 600)
    with pytest.raises(SettlementRefused, match="already booked"):
        pay(make_invoice(), 500)


@pytest.mark.parametrize(("amount", "reference"), [(0, "B-1"), (100, "")])
def test_what_settles_nothing_or_has_no_identity_is_refused(amount: int, reference: str) -> None:
    with pytest.raises(SettlementRefused):
        pay(make_invoice(), amount, reference)


def test_states_of_many_bills_are_one_query() -> None:
    for _ in range(4):
        pay(make_invoice(), 500, f"B-{Settlement.objects.count()}")
    with CaptureQueriesContext(connection) as captured:
        found = list(Invoice.objects.with_state(RECEIVED).newest_first())
    assert [(bill.settled_minor, bill.open_minor) for bill in found] == [(500, 700)] * 4  # type: ignore[attr-defined]
    assert len(captured) == 1


def test_bills_are_visible_to_the_members_of_their_account_alone() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    account, other = make_account(), make_account()
    use(account, meter, "1")
    use(other, meter, "1")
    issue()
    for role in ("owner", "billing", "viewer"):
        assert [bill.account for bill in Invoice.objects.visible_to(make_member(account=account, role=role))] == [account]
    assert not Invoice.objects.visible_to(make_user()).exists()
    assert not Invoice.objects.visible_to(make_user(is_staff=True, is_superuser=True)).exists()


def test_a_draft_is_visible_to_nobody() -> None:
    account = make_account()
    Invoice.objects.create(
        account=account, month=202409, currency="EUR", language="en", seller={}, buyer={},
        period_start_on=SEPTEMBER.first_day, period_end_on=SEPTEMBER.last_day, net_minor=0, tax_minor=0, total_minor=0,
    )  # fmt: skip
    assert not Invoice.objects.visible_to(make_member(account=account)).exists()
