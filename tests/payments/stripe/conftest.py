"""A Stripe of the tests' own, which the console speaks to by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.billing import operator
from tests.fakes.stripe import FakeStripe, serving


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeStripe]:
    """Payment by Stripe is on, and asks a fake one."""
    with serving() as fake:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = fake.key, fake.url
        on = {"enabled": True, "account": "acct_1", "methods": ("card", "sepa_debit"), "concurrency": 4}
        settings.OPERATOR = operator(stripe=on)
        yield fake
