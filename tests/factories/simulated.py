"""Test accounts."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from bonafide.accounts.models import Account
from bonafide.billing.models import SimulatedBill
from bonafide.billing.simulate.advance import advance
from bonafide.billing.simulate.make import make_test_account
from bonafide.periods import Month

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
JANUARY = Month(2027, 1)


def make_simulated(*, start: Month = JANUARY, **values: Any) -> Account:
    """A test account whose time begins with a month that has not come yet."""
    return make_test_account(**{"name": "New prices", "start": start, "operator": settings.OPERATOR, **values})


def advance_to(account: Account, year: int, month: int, day: int = 1) -> list[SimulatedBill]:
    return advance(account=account, to=datetime(year, month, day, tzinfo=PARIS), operator=settings.OPERATOR)
