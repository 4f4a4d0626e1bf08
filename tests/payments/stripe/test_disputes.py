"""A payment is disputed: its money is away and the bill open, staff know until when to answer, and what is won is back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.models import Invoice
from bonafide.mail.models import Letter
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.disputes import follow_dispute
from bonafide.payments.stripe.models import Attempt, AttemptState, Dispute
from tests.factories.accounts import enter_as_staff, make_user
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.charging import DUE, IBAN, automatic

pytestmark = pytest.mark.django_db(transaction=True)


def disputed(fake: FakeStripe, settings: Any, method: str = "pm_card_visa") -> tuple[Invoice, str]:
    """A bill that was charged, and the dispute over it, of which we have not heard yet."""
    bill, _method = automatic(fake, method)
    charge_due(operator=settings.OPERATOR, now=DUE)
    attempt = Attempt.objects.get(invoice=bill)
    if attempt.state == AttemptState.PROCESSING:
        fake.controls.settle(attempt.intent_id or "")
    charge = fake.controls._known(attempt.intent_id or "")["latest_charge"]
    return bill, fake.controls.open_dispute(charge)["id"]


def follow(dispute: str, settings: Any) -> str:
    return follow_dispute(stripe_id=dispute, operator=settings.OPERATOR, now=DUE)


def test_a_dispute_opens_the_bill_again_and_staff_are_told_once(fake: FakeStripe, settings: Any) -> None:
    make_user(is_staff=True)
    bill, dispute = disputed(fake, settings)
    assert [follow(dispute, settings) for _again in range(2)] == ["needs_response"] * 2
    assert (unpaid(bill), Returned.objects.get().reference) == (1200, dispute)
    row = Dispute.objects.get()
    assert row.answer_by
    assert row.answer_by > row.opened_at
    assert row.reason == "fraudulent"
    assert Letter.objects.filter(purpose="payment-undone").count() == 1
    assert charge_due(operator=settings.OPERATOR, now=DUE + timedelta(days=1)) == {}  # not without asking the customer


def test_a_dispute_that_is_lost_stays_booked_and_one_that_is_won_is_back(fake: FakeStripe, settings: Any) -> None:
    lost, one = disputed(fake, settings)
    won, two = disputed(fake, settings)
    follow(one, settings)
    fake.controls.close_dispute(one, won=False)
    fake.controls.close_dispute(two, won=True)  # heard of only now
    assert [follow(one, settings), follow(two, settings), follow(two, settings)] == ["lost", "won", "won"]
    assert (unpaid(lost), unpaid(won)) == (1200, 0)
    assert Receipt.objects.get(reference=f"{two} won").amount_minor == 1200


def test_a_debit_that_its_bank_takes_back_is_open_again_also_when_the_payment_was_not_heard_of(
    fake: FakeStripe, settings: Any
) -> None:
    bill, dispute = disputed(fake, settings, IBAN)
    assert Attempt.objects.get(invoice=bill).receipt is None
    assert follow(dispute, settings) == "lost"
    assert Attempt.objects.get(invoice=bill).receipt is not None
    assert (unpaid(bill), Returned.objects.count()) == (1200, 1)


def test_staff_find_the_last_day_and_the_way_to_answer(
    client: Client, fake: FakeStripe, settings: Any, reasons_given: None
) -> None:
    bill, dispute = disputed(fake, settings)
    follow(dispute, settings)
    enter_as_staff(client)
    page = client.get(reverse("admin:payments_stripe_dispute_changelist")).content.decode()
    assert f"https://dashboard.stripe.com/test/disputes/{dispute}" in page
    assert (bill.number or "") in page
    assert client.get(reverse("admin:payments_stripe_dispute_change", args=[Dispute.objects.get().pk])).status_code == 200
