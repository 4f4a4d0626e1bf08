"""What is overdue of whom, and what of it nobody is pressed for: it is on its way, disputed, or given up in the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.db.models import Count, Min, QuerySet

from bonafide.billing.models import Invoice
from bonafide.money import to_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.charge.which import first_day
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay, Dispute
from bonafide.payments.stripe.replaced import in_place_of
from bonafide.payments.transfers.propose import propose, waiting

_DISPUTE_OVER = ("warning_closed", "won", "lost", "prevented")


class Held(StrEnum):
    """Why nobody is pressed for a bill that is overdue."""

    NO = ""
    ON_ITS_WAY = "on_its_way"  # a payment is being processed, or a transfer that may be it waits for staff
    AUTOMATIC = "automatic"  # an automatic payment is still to be tried
    DISPUTED = "disputed"
    LOST = "lost"  # given up in the books


@dataclass(frozen=True)
class Debt:
    """A bill that is overdue: ``open_minor`` of it is unpaid, for ``pressed_minor`` its customer is pressed."""

    invoice_id: int
    account_id: int
    number: str
    currency: str
    due_on: date
    open_minor: int
    pressed_minor: int
    held: Held = Held.NO


def debts(*, operator: Operator, today: date, before: date, accounts: Iterable[int] | None = None) -> dict[int, list[Debt]]:
    """By account, the unpaid bills that are due before ``before``, the one due first in front; a constant number of statements.

    Left out are test accounts, accounts that are closed, and bills of a trial once there is none any more.
    """
    bills = Invoice.objects.issued().with_state(today, losses=True)
    bills = bills.filter(account__is_test=False, account__closed_at=None, total_minor__gt=0, due_on__lt=before)
    if accounts is not None:
        bills = bills.filter(account__in=list(accounts))
    if not operator.service.trial:
        bills = bills.filter(trial=False)
    columns = ("pk", "account_id", "number", "currency", "due_on", "issued_on", "open_minor", "lost_minor")
    unpaid = bills.filter(open_minor__gt=0).order_by("due_on", "position").values_list(*columns)  # type: ignore[misc]  # with_state's
    held = _Holds.read(operator, today)
    found: dict[int, list[Debt]] = defaultdict(list)
    for pk, account, number, currency, due_on, issued_on, open_minor, lost in unpaid:
        why = held.of(pk, account, due_on, issued_on, today) or (Held.LOST if lost >= open_minor else Held.NO)
        pressed = 0 if why else open_minor - lost
        found[account].append(Debt(pk, account, str(number), currency, due_on, open_minor, pressed, why))
    return found


def counting(found: Iterable[Debt], *, operator: Operator, pressed: bool) -> list[Debt]:
    """Those in whose currency enough is unpaid (or ``pressed`` for) that anything happens at all."""
    of = {debt: debt.pressed_minor if pressed else debt.open_minor for debt in found}
    sums: dict[str, int] = defaultdict(int)
    for debt, minor in of.items():
        sums[debt.currency] += minor
    least = {currency: max(1, to_minor(operator.dunning.minimum, currency)) for currency in sums}
    return [debt for debt, minor in of.items() if minor > 0 and sums[debt.currency] >= least[debt.currency]]


@dataclass(frozen=True)
class _Holds:
    """Bills that a payment is on its way for, that are disputed, or that are still to be paid by themselves."""

    on_its_way: frozenset[int]
    disputed: frozenset[int]
    automatic: dict[int, AutoPay]  # by account
    tries: dict[int, tuple[date, int]]  # by bill: the day of the first try, and how many there were
    retries: int
    last_retry: timedelta
    operator: Operator

    @classmethod
    def read(cls, operator: Operator, today: date) -> _Holds:
        way = Attempt.objects.filter(state=AttemptState.PROCESSING, invoice__isnull=False).values_list("invoice_id", flat=True)
        disputes = Dispute.objects.exclude(state__in=_DISPUTE_OVER).filter(attempt__invoice__isnull=False)
        retry = operator.stripe.retry_days
        last = timedelta(days=max(retry, default=0) + 1)  # a day for what is tried late on the last one
        agreed = AutoPay.objects.filter(ended_at=None) if operator.stripe.enabled else AutoPay.objects.none()
        accounts = {chosen.account_id: chosen for chosen in agreed.select_related("method")}
        tries = {
            bill: (first.astimezone(operator.zone).date(), count)
            for bill, first, count in (_tries(today - last, operator) if accounts else ())
        }
        coming = {*way, *_in_transfers(datetime.combine(today, time(12), operator.zone))}
        known = _with_those_in_place(coming), _with_those_in_place(disputes.values_list("attempt__invoice_id", flat=True))
        return cls(*known, accounts, tries, len(retry), last, operator)

    def of(self, bill: int, account: int, due_on: date, issued_on: date, today: date) -> Held:
        if bill in self.on_its_way:
            return Held.ON_ITS_WAY
        if bill in self.disputed:
            return Held.DISPUTED
        if chosen := self.automatic.get(account):
            begin = first_day(auto_pay=chosen, due_on=due_on, issued_on=issued_on, operator=self.operator)
            first, count = self.tries.get(bill, (begin, 0))
            if today <= first + self.last_retry and count <= self.retries:
                return Held.AUTOMATIC
        return Held.NO


def _in_transfers(now: datetime) -> set[int]:
    """Bills that transfers are proposed for about which staff have not decided yet."""
    lines = [(movement.as_line(), movement.doubt) for movement in waiting()]
    return {share.bill.id for one in propose(lines=lines, now=now) for share in one.match.shares}


def _with_those_in_place(bills: Iterable[int | None]) -> frozenset[int]:
    """These bills, and those that replaced them: a payment of one is booked on the other."""
    found = {pk for pk in bills if pk}
    return frozenset(found | in_place_of(bills=found)) if found else frozenset()


def _tries(since: date, operator: Operator) -> QuerySet[Attempt, tuple[int, datetime, int]]:
    """Bills whose first automatic payment was tried since that day."""
    moment = datetime.combine(since, time(), operator.zone)
    tried = Attempt.objects.filter(way=Attempt.Way.AUTO, account__auto_pay__ended_at=None).order_by().values("invoice_id")
    sums = tried.annotate(first=Min("begun_at"), count=Count("pk", distinct=True)).filter(first__gte=moment)
    return sums.values_list("invoice_id", "first", "count")
