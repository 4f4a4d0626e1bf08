"""One account's bill worked out again for somebody who looks at it before it goes out."""

from __future__ import annotations

from dataclasses import dataclass

from bonafide.billing.compute import running_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.runs.digest import digest_of
from bonafide.billing.runs.models import Outcome, RehearsedBill
from bonafide.billing.tax.threshold import Turnover
from bonafide.billing.taxed import with_threshold
from bonafide.billing.turnover import turnover_of
from bonafide.operator import Operator
from bonafide.periods import Month


@dataclass(frozen=True)
class Looked:
    """``bill`` as it would be now, or ``why`` there is none; ``same``: it is what was rehearsed."""

    bill: ComputedBill | None
    why: str
    same: bool


def look_at(*, row: RehearsedBill, operator: Operator) -> Looked:
    """Work the row's bill out again, after as many sales to consumers elsewhere in the Union as when it was rehearsed."""
    month = Month.from_key(row.rehearsal.month)
    now = running_bill(account=row.account, month=month, operator=operator)
    if isinstance(now, Stopped):
        return Looked(None, now.reason, same=row.outcome == Outcome.STOPPED)
    if now is None:
        return Looked(None, "", same=row.outcome == Outcome.MISSING)
    if now.sale and row.sold_before_minor is not None:
        last_year = turnover_of(month=month, operator=operator).last_year
        now = with_threshold(now, Turnover(row.sold_before_minor, last_year), own=operator.tax.sentences)
    return Looked(now, "", same=row.digest == digest_of(now))
