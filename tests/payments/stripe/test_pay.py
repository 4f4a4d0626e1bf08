"""A bill is paid on Stripe's page: one page however often it is asked for, and money booked once, whatever is lost or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bonafide.accounts.models import Membership
from bonafide.billing.models import Invoice, Settlement
from bonafide.mail.models import Letter
from bonafide.outgoing.models import PassedOn
from bonafide.payments.models import Receipt
from bonafide.payments.stripe.begin import OnItsWay, begin
from bonafide.payments.stripe.client import StripeRefused, StripeUnanswered
from bonafide.payments.stripe.follow import follow, follow_attempt
from bonafide.payments.stripe.models import Attempt, AttemptState, Customer
from bonafide.payments.take_in import take_in
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import make_invoice
from tests.fakes.stripe import FakeStripe

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2024, 10, 2, 9, tzinfo=UTC)


def press(bill: Invoice, now: datetime = NOW) -> Attempt:
    user = bill.account.members.first() or make_user()
    return begin(invoice=bill, by=user, operator=settings.OPERATOR, now=now)


def look(attempt: Attempt, now: datetime = NOW) -> Attempt:
    return follow_attempt(attempt=attempt, operator=settings.OPERATOR, now=now)


def sessions(fake: FakeStripe) -> list[Any]:
    import stripe

    return list(stripe.StripeClient(fake.key, base_addresses={"api": fake.url}).v1.checkout.sessions.list().data)


def test_it_is_paid_on_stripes_page_and_booked_once(fake: FakeStripe) -> None:
    bill = make_invoice()
    attempt = press(bill)
    assert (attempt.state, attempt.url.startswith(fake.url)) == ("open", True)
    fake.controls.pay(attempt.session_id or "")
    for _again in range(2):
        attempt = look(attempt)
        follow(kind="checkout.session", stripe_id=attempt.session_id or "", operator=settings.OPERATOR, now=NOW)
    assert (attempt.state, attempt.url, attempt.receipt and attempt.receipt.amount_minor) == ("succeeded", "", 1200)
    [settled] = Settlement.objects.filter(invoice=bill)
    assert (settled.amount_minor, settled.means, settled.reference) == (1200, "card", attempt.intent_id)
    assert Letter.objects.filter(purpose="payment").count() == 1
