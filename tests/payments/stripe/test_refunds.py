"""Money goes back against a credit note: at most what was paid too much, booked once, whatever is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.balance.models import Grant
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.mail.models import Letter
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.stripe import refunds
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.models import Attempt, Refund
from bonafide.payments.stripe.refunds import (
    RefundRefused,
    follow_refund,
    refundable,
    resume_refunds,
    send_refund,
    write_refund,
)
from bonafide.payments.take_back import take_back
from bonafide.payments.take_in import ReceiptRefused
from tests.factories.accounts import enter_as_staff, make_user
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.charging import DUE, at_stripe, automatic

pytestmark = pytest.mark.django_db(transaction=True)


def paid_and_credited(fake: FakeStripe, settings: Any, *, net: int | None = None, method: str = "pm_card_visa") -> Invoice:
    """The credit note over a bill (12.00 with VAT) that was charged; over all of it, or ``net``."""
    bill, _method = automatic(fake, method)
    charge_due(operator=settings.OPERATOR, now=DUE)
    assert unpaid(bill) == 0
    known = {"reason": "too much", "key": str(uuid4()), "operator": settings.OPERATOR, "now": DUE}
    return credit(invoice=bill, net_minor=bill.net_minor if net is None else net, **known)


def send(note: Invoice, minor: int, settings: Any, key: Any = None) -> Refund:
    [found] = refundable(credit_note=note)
    known = {"credit_note": note, "attempt": found.attempt, "by": None, "now": DUE}
    written = write_refund(amount_minor=minor, key=key or uuid4(), **known)
    return send_refund(refund=written, operator=settings.OPERATOR, now=DUE)


def open_of(note: Invoice) -> int:
    return unpaid(note.correction.original)


def test_all_of_it_goes_back_and_the_customer_hears_of_it(fake: FakeStripe, settings: Any) -> None:
    note = paid_and_credited(fake, settings)
    assert open_of(note) == -1200
    refund = send(note, 1200, settings)
    assert refund.state == Refund.State.SUCCEEDED
    [returned] = Returned.objects.all()
    assert (returned.amount_minor, returned.reference, open_of(note)) == (1200, refund.stripe_id, 0)
    assert Letter.objects.filter(purpose="refund").count() == 1
    follow_refund(stripe_id=refund.stripe_id or "", operator=settings.OPERATOR, now=DUE)
    assert (Returned.objects.count(), Letter.objects.filter(purpose="refund").count()) == (1, 1)
    assert refundable(credit_note=note) == []


def test_a_part_goes_back_and_then_the_rest_but_never_more(fake: FakeStripe, settings: Any) -> None:
    note = paid_and_credited(fake, settings, net=500)
    send(note, 200, settings)
    [left] = refundable(credit_note=note)
    assert left.amount_minor == 400
    known = {"credit_note": note, "attempt": left.attempt, "by": None, "now": DUE}
    with pytest.raises(RefundRefused, match=r"4.01 EUR cannot go back of this payment, but at most 4.00 EUR"):
        write_refund(amount_minor=401, key=uuid4(), **known)
    send(note, 400, settings)
    assert (open_of(note), refundable(credit_note=note)) == (0, [])
    assert sum(one.amount for one in at_stripe(fake).v1.refunds.list().data) == 600


def test_a_refund_that_is_on_its_way_is_booked_once_and_stays_so(fake: FakeStripe, settings: Any) -> None:
    note = paid_and_credited(fake, settings, method="pm_card_pendingRefund")
    refund = send(note, 1200, settings)
    assert (refund.state, open_of(note)) == (Refund.State.PENDING, 0)
    fake.controls.advance(days=10)
    assert follow_refund(stripe_id=refund.stripe_id or "", operator=settings.OPERATOR, now=DUE) == "succeeded"
    assert (Returned.objects.count(), open_of(note)) == (1, 0)


def test_a_refund_that_comes_back_is_booked_in_again_and_staff_are_told(fake: FakeStripe, settings: Any) -> None:
    make_user(is_staff=True)
    note = paid_and_credited(fake, settings)
    refund = send(note, 1200, settings)
    fake.controls.fail_refund(refund.stripe_id or "")
    for _again in range(2):
        assert follow_refund(stripe_id=refund.stripe_id or "", operator=settings.OPERATOR, now=DUE) == "failed"
    back = Receipt.objects.get(reference=f"{refund.stripe_id} failed")
    assert (back.amount_minor, back.kept_minor, Grant.objects.get().amount_minor) == (1200, 1200, 1200)
    assert Letter.objects.filter(purpose="payment-undone").count() == 1


@pytest.mark.parametrize("fault", ["lose_answer", "fail_after", "lose_request"])
def test_a_lost_answer_is_asked_for_again_and_goes_back_once(fake: FakeStripe, settings: Any, fault: str) -> None:
    note = paid_and_credited(fake, settings)
    getattr(fake.controls, fault)(path="/v1/refunds")
    refund = send(note, 1200, settings)
    assert (refund.state, open_of(note), refundable(credit_note=note)) == (Refund.State.WRITTEN, -1200, [])
    assert resume_refunds(operator=settings.OPERATOR, now=DUE) == 0  # somebody may still be at it
    assert resume_refunds(operator=settings.OPERATOR, now=DUE + timedelta(minutes=2)) == 1
    refund.refresh_from_db()
    assert (refund.state, open_of(note), len(at_stripe(fake).v1.refunds.list().data)) == ("succeeded", 0, 1)


def test_a_refund_that_cannot_be_booked_leaves_the_others(
    fake: FakeStripe, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, amount_minor: int, **known: Any) -> Returned:
        if amount_minor == 200:
            raise ReceiptRefused("it is on no bill any more")
        return take_back(amount_minor=amount_minor, **known)

    note = paid_and_credited(fake, settings, net=500)
    fake.controls.lose_answer(path="/v1/refunds", times=2)
    written = [send(note, minor, settings) for minor in (200, 300)]
    monkeypatch.setattr(refunds, "take_back", broken)
    assert resume_refunds(operator=settings.OPERATOR, now=DUE + timedelta(minutes=2)) == 1
    assert [Refund.objects.get(pk=one.pk).state for one in written] == ["written", "succeeded"]


def test_the_same_form_twice_is_one_refund(fake: FakeStripe, settings: Any) -> None:
    note, key = paid_and_credited(fake, settings, net=500), uuid4()
    [found] = refundable(credit_note=note)
    known = {"credit_note": note, "attempt": found.attempt, "by": None, "now": DUE, "key": key}
    first = write_refund(amount_minor=100, **known)
    assert write_refund(amount_minor=100, **known) == first
    with pytest.raises(RefundRefused, match="sent already, for another refund"):
        write_refund(amount_minor=200, **known)


def test_a_refund_made_at_stripe_by_hand_is_booked_too(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    charge_due(operator=settings.OPERATOR, now=DUE)
    charge = Attempt.objects.get(invoice=bill).charge_id
    made = at_stripe(fake).v1.refunds.create({"charge": charge, "amount": 300})
    for _again in range(2):
        assert follow_refund(stripe_id=made.id, operator=settings.OPERATOR, now=DUE) == "succeeded"
    assert (unpaid(bill), Refund.objects.count()) == (300, 0)


def test_staff_see_what_it_comes_to_before_it_goes_back(
    client: Client, fake: FakeStripe, settings: Any, reasons_given: None
) -> None:
    note = paid_and_credited(fake, settings)
    enter_as_staff(client)
    page = reverse("admin:billing_invoice_change", args=[note.pk])
    assert "Send money back" in client.get(page).content.decode()
    address = reverse("admin:billing_invoice_refund", args=[note.pk])
    shown = client.get(address)
    form = {"key": shown.context["form"]["key"].value(), "payment": shown.context["form"].fields["payment"].choices[0][0]}
    too_much = client.post(address, {**form, "amount": "12.01"}).content.decode()
    assert "At most 12.00 EUR of this payment can go back." in too_much
    assert not Refund.objects.exists()
    seen = client.post(address, {**form, "amount": "5"})
    assert "€5.00" in seen.content.decode()
    assert not Refund.objects.exists()
    done = client.post(address, {**form, "amount": "5", "seen": seen.context["seen"], "confirm": "1"}, follow=True)
    assert "The refund is sent." in done.content.decode()
    assert (Refund.objects.get().amount_minor, open_of(note)) == (500, -700)
    bill = reverse("admin:billing_invoice_refund", args=[note.correction.original.pk])
    assert "is no credit note" in client.get(bill, follow=True).content.decode()
