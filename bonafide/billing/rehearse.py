"""A whole bill run without writing anything: every bill, its change since last month, and what stands out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bonafide.billing.compute import CHUNK, compute_bills
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.models import Invoice
from bonafide.billing.run import skipped_as_zero
from bonafide.billing.tax.places import registration_in
from bonafide.operator import Operator
from bonafide.periods import Month

# A bill stands out when it is negative, or at least doubled or halved by at least this much (minor units).
OUTLIER_CHANGE = 1000


@dataclass(frozen=True)
class Rehearsed:
    """One bill and how it compares: ``before_minor`` is last month's total in the same currency, ``None`` without one."""

    bill: ComputedBill
    before_minor: int | None
    skipped: bool

    @property
    def change_minor(self) -> int | None:
        return None if self.before_minor is None else self.bill.total_minor - self.before_minor

    @property
    def outlier(self) -> str:
        """Why somebody should look at this bill before it goes out; empty when it is as usual."""
        total, before = self.bill.total_minor, self.before_minor
        if total < 0:
            return "negative"
        if before is None or abs(total - before) < OUTLIER_CHANGE:
            return ""
        if total >= 2 * before:
            return "at least doubled"
        return "at least halved" if 2 * total <= before else ""


@dataclass
class Sums:
    """Of a rehearsal, by currency; ``flags`` by what the law asks of the operator besides. What is skipped is not counted."""

    bills: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    net_minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tax_minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    flags: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    total_minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, bill: ComputedBill) -> None:
        self.bills[bill.currency] += 1
        self.net_minor[bill.currency] += bill.net_minor
        self.tax_minor[bill.currency] += bill.tax_minor
        self.total_minor[bill.currency] += bill.total_minor
        for flag in bill.treatment.flags:
            self.flags[flag] += 1


def flag_text(flag: str) -> str:
    """What staff should do about a flag of a treatment, in one plain line."""
    name, _, system = flag.partition(":")
    if name == "oss_beyond_threshold":
        return (
            "sales to consumers elsewhere in the EU are above the threshold (Directive 2006/112/EC art. 59c): register for the "
            'one-stop shop and set tax.oss = "registered"'
        )
    if name == "register":
        return f"consumers in {system}: sellers from abroad must register for VAT there {registration_in(system)}"
    return f"consumers in {system}: look up whether sellers from abroad must register for VAT there"


def rehearse_month(*, month: Month, operator: Operator) -> Iterator[Rehearsed | Stopped]:
    """What :func:`bonafide.billing.run.issue_month` would issue now, account by account, streaming; nothing is written."""
    outcomes = compute_bills(month=month, operator=operator)
    while chunk := list(islice(outcomes, CHUNK)):
        before = _totals_before(month, [outcome for outcome in chunk if isinstance(outcome, ComputedBill)])
        for outcome in chunk:
            if isinstance(outcome, Stopped):
                yield outcome
                continue
            yield Rehearsed(
                bill=outcome,
                before_minor=before.get((outcome.account_id, outcome.currency)),
                skipped=skipped_as_zero(bill=outcome, operator=operator),
            )


def _totals_before(month: Month, bills: Sequence[ComputedBill]) -> dict[tuple[int, str], int]:
    rows = (
        Invoice.objects.issued()
        .of_month(month.previous().key)
        .exclude(kind=Invoice.Kind.CREDIT_NOTE)
        .filter(replacement=None, account__in=[bill.account_id for bill in bills])
        .values_list("account_id", "currency", "total_minor")
    )
    return {(account_id, currency): total for account_id, currency, total in rows}
