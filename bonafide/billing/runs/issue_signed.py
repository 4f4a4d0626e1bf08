"""Issue a month as the operator wants it: by its sign-off where there is one, and not at all where one is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import F

from bonafide.billing.compute import accounts_to_bill
from bonafide.billing.run import RunResult, issue_month
from bonafide.billing.runs.models import Issuing
from bonafide.billing.runs.signed import signed_for
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month

ATTEMPTS = 5


def issue_signed(
    *, month: Month, operator: Operator, now: datetime, on_progress: Callable[[int], None] = lambda _done: None
) -> RunResult:
    """:func:`issue_month` under the month's sign-off.

    :raises NotSignedOff: when one is required and missing or stale; nothing is touched.
    """
    signed = signed_for(month=month, operator=operator)
    return issue_month(month=month, operator=operator, now=now, on_progress=on_progress, signed=signed)


def work_issuing(*, issuing_id: int, operator: Operator, clock: Callable[[], datetime]) -> Issuing | None:
    """Do what was asked for, with its progress on the row; None when it is done or another worker has it.

    A worker that died is made up for by doing it again: what is issued stays. What stops the run is written on the row.
    """
    waiting = Issuing.objects.filter(pk=issuing_id, ended_at=None)
    if not waiting.update(attempt=F("attempt") + 1, done=0):
        return None
    issuing = waiting.get()
    if issuing.attempt > ATTEMPTS:
        waiting.update(ended_at=clock(), fault=f"{ATTEMPTS} workers died while they were at it: see the log, and issue it again")
        return None
    month = Month.from_key(issuing.month)
    mine = waiting.filter(attempt=issuing.attempt)
    mine.update(accounts=accounts_to_bill(month=month))

    def note(done: int) -> None:
        mine.update(done=F("done") + done)

    try:
        result = issue_signed(month=month, operator=operator, now=clock(), on_progress=note)
    except Refused as refusal:
        mine.update(ended_at=clock(), fault=str(refusal)[:500])
    else:
        counts = {"issued": result.issued, "stopped": len(result.stopped), "left_out": len(result.left_out)}
        mine.update(ended_at=clock(), done=F("accounts"), **counts)
    return Issuing.objects.get(pk=issuing_id)
