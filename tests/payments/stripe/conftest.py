"""Stripe is on, and is the fake one over real HTTP; the console is on trial, as its keys are those of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bonafide.payments.stripe import client
from tests.factories.billing import operator
from tests.fakes.stripe import FakeStripe, serving

SECRET = "whsec_of_the_test"


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeStripe]:
    with serving() as fake:
        settings.OPERATOR = operator(
            stripe={"enabled": True, "account": account_of(fake), "methods": ("card", "sepa_debit"), "concurrency": 4},
            service={"trial": True},
        )
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = fake.key, fake.url
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        yield fake
    client._client.cache_clear()
    client._account.cache_clear()


def account_of(fake: FakeStripe) -> str:
    import stripe

    return str(stripe.StripeClient(fake.key, base_addresses={"api": fake.url}).v1.accounts.retrieve_current().id)
