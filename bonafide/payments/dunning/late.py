"""What the law adds to a bill that is paid late: interest, and between companies a fixed fee. Neither bears VAT: it is damages.

Companies owe both from the day after the due date, without a reminder (C. com. L441-10 II, D441-5). Consumers owe no fee, and the
legal interest of individuals only from the day after a formal notice (C. civ. 1231-6). Fees are in EUR whatever the bill is in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bonafide.accounts.models import Account
from bonafide.billing.models import Correction, Invoice, Replacement, Settlement
from bonafide.money import to_minor
from bonafide.operator import Operator
from bonafide.payments.dunning.interest import Interest, Part, YearlyRate, interest
from bonafide.payments.dunning.models import DunningBill, DunningStep

FEE_CURRENCY = "EUR"


@dataclass(frozen=True)
class Late:
    """What the law adds to one bill by ``until``: ``interest`` in the bill's currency, ``fee_minor`` in EUR."""

    currency: str
    until: date
    interest: Interest
    fee_minor: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """The days that bear interest."""
        return tuple(part for part in self.interest.parts if part.percent is not None)

    @property
    def is_something(self) -> bool:
        return bool(self.interest.minor or self.fee_minor)


def rates(*, operator: Operator, consumers: bool) -> tuple[YearlyRate, ...]:
    """The operator's rates for these customers, each for its half year."""
    of = operator.dunning.rates
    return tuple(YearlyRate(each.valid_from, each.last_day, each.consumers if consumers else each.business) for each in of)


def rate_is_missing(*, operator: Operator, on: date) -> bool:
    """Whether interest is told of, and no rate is known for that day."""
    known = any(rate.valid_from <= on <= rate.last_day for rate in operator.dunning.rates)
    return operator.dunning.enabled and operator.dunning.claim != "no" and not known


def late_of(*, bills: Iterable[Invoice], account: Account, until: date, operator: Operator) -> dict[int, Late]:
    """By bill (its id) of one account, what the law adds up to and with ``until``; four statements at most.

    A bill that is not late, or was replaced, is left out; so is everything where the operator tells of none.
    """
    late = {bill.pk: bill for bill in bills if bill.due_on and bill.due_on < until and bill.total_minor > 0}
    if operator.dunning.claim == "no" or not late:
        return {}
    for pk in Replacement.objects.filter(original__in=list(late)).values_list("original_id", flat=True):
        del late[pk]
    consumers = account.kind == Account.Kind.PERSON
    since = _noticed(late) if consumers else {pk: bill.due_on for pk, bill in late.items() if bill.due_on}
    paid, known = _paid(late), rates(operator=operator, consumers=consumers)
    fee = 0 if consumers else to_minor(operator.billing.recovery_fee, FEE_CURRENCY)
    found = {}
    for pk, bill in late.items():
        if pk not in since:
            continue
        added = interest(after=since[pk], until=until, owed_minor=bill.total_minor, paid=paid[pk], rates=known)
        if added.parts:
            found[pk] = Late(bill.currency, until, added, fee)
    return found


def _noticed(bills: Mapping[int, Invoice]) -> dict[int, date]:
    """The day of the first formal notice that named each bill."""
    named = DunningBill.objects.filter(invoice__in=list(bills), step__kind=DunningStep.Kind.FORMAL, step__done_on__isnull=False)
    days: dict[int, date] = {}
    for pk, day in named.order_by("-step__done_on").values_list("invoice_id", "step__done_on"):
        if day:
            days[pk] = day
    return days


def _paid(bills: Mapping[int, Invoice]) -> dict[int, list[tuple[date, int]]]:
    """What came or was taken back of each bill, and when."""
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    money = Settlement.objects.filter(invoice__in=list(bills)).values_list("invoice_id", "received_on", "amount_minor")
    for pk, day, minor in money:
        found[pk].append((day, minor))
    notes = Correction.objects.filter(original__in=list(bills))
    for pk, issued_on, minor in notes.values_list("original_id", "document__issued_on", "document__total_minor"):
        if issued_on:
            found[pk].append((issued_on, minor))
    return found
