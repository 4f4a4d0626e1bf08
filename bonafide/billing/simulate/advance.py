"""Set the clock of a test account forward: each month that ends by then is worked out and kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bonafide.accounts.models import Account, Clock
from bonafide.billing.compute import simulated_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.models import SimulatedBill
from bonafide.billing.simulate.make import SimulationRefused
from bonafide.operator import Operator
from bonafide.periods import Month

# Months worked out at once: a page waits for them.
MOST_MONTHS = 60
NOTHING = "nothing to bill: no plan, and no usage"


@transaction.atomic
def advance(*, account: Account, to: datetime, operator: Operator) -> list[SimulatedBill]:
    """The bills of the months that ended meanwhile, each by the prices of its month as they stand now.

    The clock is held meanwhile: usage that is being written comes before, or finds the month over.

    :raises SimulationRefused: for an instant that is not later than its time, or further than ``MOST_MONTHS`` ahead.
    """
    clock = Clock.objects.select_for_update().get(pk=account.pk)
    if to <= clock.now_at:
        raise SimulationRefused(
            f"it is {_said(clock.now_at, operator)} for {account.reference} already: its clock goes forward only"
        )
    months = _ended(Month.from_key(clock.open_month), to, operator)
    bills = [_simulated(account, month, to, operator) for month in months]
    SimulatedBill.objects.bulk_create(bills)
    clock.now_at = to
    if months:
        clock.open_month = months[-1].next().key
    clock.save(update_fields=["now_at", "open_month"])
    return bills


def _ended(first: Month, to: datetime, operator: Operator) -> list[Month]:
    months: list[Month] = []
    month = first
    while month.end(operator.zone) <= to:
        if len(months) == MOST_MONTHS:
            raise SimulationRefused(f"that is more than {MOST_MONTHS} months ahead: go there in several steps")
        months.append(month)
        month = month.next()
    return months


def _simulated(account: Account, month: Month, to: datetime, operator: Operator) -> SimulatedBill:
    bill = simulated_bill(account=account, month=month, operator=operator)
    if not isinstance(bill, ComputedBill):
        problem = bill.reason if isinstance(bill, Stopped) else NOTHING
        return SimulatedBill(account=account, month=month.key, problem=problem, until=to)
    return SimulatedBill(
        account=account,
        month=month.key,
        currency=bill.currency,
        net_minor=bill.net_minor,
        tax_minor=bill.tax_minor,
        total_minor=bill.total_minor,
        lines=[line._asdict() for line in bill.lines],
        taxes=[tax._asdict() for tax in bill.taxes],
        until=to,
    )


def _said(moment: datetime, operator: Operator) -> str:
    return f"{moment.astimezone(operator.zone):%Y-%m-%d %H:%M}"
