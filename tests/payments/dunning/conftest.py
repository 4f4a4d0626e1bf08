"""Overdue bills, and days that pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.payments.dunning.follow_up import follow_up
from bonafide.payments.dunning.models import DunningStep
from bonafide.payments.take_in import take_in
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import SEPTEMBER, issue, make_plan, operator, subscribe

# Bills of September are issued on 1 October and due two days after.
DUE = date(2024, 10, 3)
DEFAULTS: dict[str, Any] = {"enabled": True}


def dunning_operator(**values: Any) -> Operator:
    return operator(dunning={**DEFAULTS, **values})


def make_debtor(euros: str = "100", *, members: int = 1, **values: Any) -> Account:
    """An account with so much before tax on its bill of September, once ``issue()`` has run."""
    account = make_account(**values)
    subscribe(account, make_plan((None, Flat(amount=Decimal(euros))), is_default=False))
    for _each in range(members):
        make_member(account=account)
    return account


def make_bill(euros: str = "100", **values: Any) -> Invoice:
    account = make_debtor(euros, **values)
    issue()
    return Invoice.objects.get(account=account, month=SEPTEMBER.key)


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """That hour in Paris."""
    from zoneinfo import ZoneInfo

    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def pay(bill: Invoice, on: date, minor: int | None = None, *, reference: str = "pi_1", by: Operator | None = None) -> None:
    take_in(
        account=bill.account,
        currency="EUR",
        amount_minor=bill.total_minor if minor is None else minor,
        received_on=on,
        means="transfer",
        reference=reference,
        bills=[(bill, None)],
        operator=by or operator(),
        now=at(on),
    )


def pass_days(first: date, last: date, *, by: Operator) -> None:
    """Each day has the rounds of one in the night and one in the morning."""
    day = first
    while day <= last:
        for moment in (at(day, 0, 10), at(day, 9)):
            follow_up(operator=by, now=moment)
        day += timedelta(days=1)


def done(account: Account | None = None) -> list[tuple[str, date]]:
    steps = DunningStep.objects.filter(done_at__isnull=False)
    if account:
        steps = steps.filter(case__account=account)
    return [(step.kind, step.done_on) for step in steps.order_by("done_at", "pk")]


def days(steps: Iterable[tuple[str, date]]) -> list[tuple[str, int]]:
    """The steps with their days after the due date."""
    return [(kind, (day - DUE).days) for kind, day in steps]


@pytest.fixture
def bill(db: None) -> Invoice:
    return make_bill()
