"""What is over expires: noted, and of money in advance posted to the ledger."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bonafide.billing.balance.books import post_expiry
from bonafide.billing.balance.left import last_month_of, with_left
from bonafide.billing.balance.models import Grant, GrantKind, Taken
from bonafide.billing.issue import lock_numbers
from bonafide.billing.models import BillRun, Invoice
from bonafide.operator import Operator


def expire_grants(*, operator: Operator, now: datetime) -> int:
    """Note what is left of every grant whose last day is over, once no bill can use it any more; how many grants expired.

    A bill uses what held on the last day of its month and is issued later, so a grant waits for the bill of its last month: the
    account's own, or the end of that month's run.
    """
    today = now.astimezone(operator.zone).date()
    runs = dict(BillRun.objects.values_list("month", "finished_at"))
    over = with_left(Grant.objects.filter(expires_on__lt=today)).filter(left_minor__gt=0)
    return sum(_expire(one.pk, operator, now) for one in over.order_by("pk") if _is_done(one, runs))


def _is_done(grant: Grant, runs: dict[int, datetime | None]) -> bool:
    """Whether its last month is billed, or was before there were bills here."""
    assert grant.expires_on is not None  # noqa: S101 - asked for
    month = last_month_of(grant.expires_on).key
    if runs.get(month) or (month not in runs and any(later > month and finished for later, finished in runs.items())):
        return True
    return Invoice.objects.issued().filter(account=grant.account_id, month=month, kind=Invoice.Kind.INVOICE).exists()


@transaction.atomic
def _expire(pk: int, operator: Operator, now: datetime) -> bool:
    lock_numbers()
    grant = with_left(Grant.objects.filter(pk=pk)).get()
    left: int = grant.left_minor
    if left <= 0:
        return False
    today = now.astimezone(operator.zone).date()
    known = {"kind": Taken.Kind.EXPIRY, "taken_on": today, "key": "expiry", "made_at": now}
    taken = Taken.objects.create(grant=grant, amount_minor=left, **known)
    if grant.kind == GrantKind.PREPAID:
        post_expiry(taken=taken, operator=operator)
    return True
