"""Close months of the books, one after another: from then on no entry has a date within them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Min

from bonafide.billing.closings.models import Closing
from bonafide.billing.closings.seal import GENESIS, seal_of, told
from bonafide.billing.closings.totals import MonthSums, added, months_between
from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.seal import GENESIS as NO_ENTRY
from bonafide.billing.models import Invoice
from bonafide.billing.seal import GENESIS as NO_BILL
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month

# A month is closed by itself so long after its end, when bank statements of its last days have been read.
PAUSE = timedelta(days=10)


class CannotClose(Refused):
    """The month cannot be closed, and why."""


def close_months(
    *, until: Month, operator: Operator, now: datetime, on_progress: Callable[[int], None] = lambda _done: None
) -> list[Closing]:
    """Close ``until`` and every month before it that is still open, the first first; none when it is closed already.

    Each month is a transaction that holds the lock under which bills and entries are numbered. It begins with the month of the
    first document. Two at the same time close each month once.

    :raises CannotClose: before the month is over on the operator's calendar, or while nothing is booked.
    """
    if now < until.end(operator.zone):
        raise CannotClose(f"{until} is not over yet in {operator.service.time_zone}: close it from {until.next().first_day} on")
    made = []
    for month in open_months(until=until):
        with transaction.atomic():
            lock_numbers()
            last = Closing.objects.order_by("-position").first()
            if last and last.month >= month.key:
                continue  # another was faster
            made.append(_close(month, last, operator, now))
        on_progress(1)
    if not made and not Closing.objects.exists():
        raise CannotClose(f"nothing was booked until {until.last_day}: there is nothing to close")
    return made


def open_months(*, until: Month) -> Iterator[Month]:
    """Months that are not closed, from the first in which something was booked up to ``until``."""
    last = Closing.objects.order_by("-position").first()
    if last:
        month = Month.from_key(last.month).next()
    else:
        first = _first_day()
        if first is None:
            return
        month = Month(first.year, first.month)
    while month <= until:
        yield month
        month = month.next()


def _first_day() -> date | None:
    days = (
        Invoice.objects.issued().aggregate(day=Min("issued_on"))["day"],
        Posting.objects.aggregate(day=Min("dated_on"))["day"],
    )
    return min((day for day in days if day), default=None)


def _close(month: Month, last: Closing | None, operator: Operator, now: datetime) -> Closing:
    found = months_between(start=month.first_day, end=month.last_day, zone=operator.zone).get(month.key) or MonthSums()
    bill = Invoice.objects.issued().filter(issued_on__lte=month.last_day).order_by("-position").first()
    entry = Posting.objects.filter(year=month.year).order_by("-entry", "-line").first()
    row = {
        "position": last.position + 1 if last else 1,
        "month": month.key,
        "last_on": month.last_day,
        "closed_at": now,
        "totals": found.totals,
        "cumulative": added(before=last.cumulative if last else [], totals=found.totals),
        "digests": found.sha256,
        "bills_position": bill.position if bill else 0,
        "bills_seal": bill.seal if bill else NO_BILL,
        "ledger_year": month.year,
        "ledger_entry": entry.entry if entry else 0,
        "ledger_seal": entry.seal if entry else NO_ENTRY,
    }
    return Closing.objects.create(**row, seal=seal_of(content=told(row=row), previous=last.seal if last else GENESIS))
