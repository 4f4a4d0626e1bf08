"""Accounts with saved means of payment at a fake Stripe, and what is charged to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import stripe
from django.conf import settings

from bonafide.accounts.models import Account, User
from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.payments.stripe.auto import choose_auto_pay, words_of
from bonafide.payments.stripe.models import AutoPay, Method
from bonafide.payments.stripe.save import save_method
from bonafide.payments.stripe.saved import follow_setup
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import make_invoice
from tests.fakes.stripe import FakeStripe

SAVED = datetime(2024, 9, 10, 9, tzinfo=UTC)  # before the bill is issued, on 1 October
DUE = datetime(2024, 10, 31, 9, tzinfo=UTC)  # when it is due
IBAN = "FR1420041010050500013M02606"


def at_stripe(fake: FakeStripe) -> stripe.StripeClient:
    """A client of the test's own, which looks at the fake as a person at the dashboard would."""
    return stripe.StripeClient(fake.key, base_addresses={"api": fake.url})


def make_payer(**values: Any) -> tuple[Account, User]:
    account = make_account(**values)
    return account, make_member(account=account, role="owner")


def save(fake: FakeStripe, account: Account, by: User | None, method: str = "pm_card_visa") -> Method:
    """Save a card (or an IBAN) on the hosted page, as the person does."""
    operator: Operator = settings.OPERATOR
    attempt = save_method(account=account, by=by, language="en", operator=operator, now=SAVED)
    assert attempt.session_id
    assert attempt.intent_id
    fake.controls.pay(attempt.session_id, method)
    assert follow_setup(stripe_id=attempt.intent_id, operator=operator, now=SAVED) == "saved"
    attempt.refresh_from_db()
    assert attempt.method
    return attempt.method


def agree(method: Method, by: User | None = None, now: datetime = SAVED) -> AutoPay:
    operator: Operator = settings.OPERATOR
    words = words_of(method=method, operator=operator, language="en")
    return choose_auto_pay(method=method, words=words, by=by, language="en", operator=operator, now=now)


def automatic(fake: FakeStripe, method: str = "pm_card_visa", **values: Any) -> tuple[Invoice, Method]:
    """An issued bill of an account that has it charged by itself."""
    account, by = make_payer(**values)
    saved = save(fake, account, by, method)
    agree(saved, by)
    return make_invoice(account=account), saved
