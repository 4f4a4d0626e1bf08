"""Accounts whose bills were followed up, as rows: with every step as promised, or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from bonafide.billing.models import Invoice
from bonafide.payments.dunning.models import DunningBill, DunningCase, DunningStep, Suspension
from tests.factories.billing import triggers_lifted

# Days after the due date, as the file has them by default.
AS_PROMISED = {"notice": 1, "formal_notice": 5, "suspension": 10}
CLOSED_AS_PROMISED = {**AS_PROMISED, "last_notice": 13, "closing": 15}


def follow_up_by_hand(
    bill: Invoice,
    *,
    due_on: date | None = None,
    days: Mapping[str, int] = AS_PROMISED,
    planned: timedelta = timedelta(hours=26),
) -> Suspension | None:
    """The steps of ``days``, each done so many days after the due date, at seven o'clock, and planned so long before.

    ``due_on`` moves the due date of the bill. With a suspension there is its row; a closing ends it.
    """
    if due_on:
        with triggers_lifted():
            Invoice.objects.filter(pk=bill.pk).update(due_on=due_on)
        bill.refresh_from_db()
    assert bill.due_on
    at = {kind: datetime.combine(bill.due_on + timedelta(days=after), time(7), UTC) for kind, after in days.items()}
    case = DunningCase.objects.create(account=bill.account, opened_at=min(at.values()))
    for kind, done_at in at.items():
        known = {"key": f"{case.pk} {kind}", "planned_on": done_at.date(), "planned_at": done_at - planned}
        step = DunningStep.objects.create(case=case, kind=kind, done_on=done_at.date(), done_at=done_at, **known)
        DunningBill.objects.create(step=step, invoice=bill, open_minor=bill.total_minor)
    if "suspension" not in at:
        return None
    return Suspension.objects.create(
        account=bill.account, case=case, since=at["suspension"], until=at.get("closing"), reason="unpaid"
    )
