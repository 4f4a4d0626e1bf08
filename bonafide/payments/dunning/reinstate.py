"""What was not paid is paid: the case is over, and a suspended account is reinstated at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from bonafide.accounts.models import Account
from bonafide.operator import Operator
from bonafide.payments.dunning.letters import write_step
from bonafide.payments.dunning.models import DunningCase, DunningStep, Suspension
from bonafide.payments.dunning.standing import Moment, standings
from bonafide.webhooks.emit import emit

logger = logging.getLogger(__name__)


def reinstate_if_paid(*, account: Account, now: datetime, operator: Operator | None = None) -> bool:
    """End the open case of an account once the bills that its letters named are paid; whether it was ended now.

    Money that is booked calls it for who is suspended (:func:`reinstating`), the schedule for everybody every five minutes.
    Whoever owes other bills, which no letter named, begins anew with them.
    """
    operator = operator or settings.OPERATOR
    if not DunningCase.objects.filter(account=account, ended_at=None).exists():
        return False
    with transaction.atomic():
        lock_case(account)
        found = next(iter(standings(operator=operator, moment=Moment.of(now, operator), accounts=[account.pk])), None)
        if found is None or found.case is None or not found.is_over:
            return False
        settle_case(case=found.case, operator=operator, now=now)
    return True


@contextmanager
def reinstating(*, accounts: Iterable[int], operator: Operator, now: datetime) -> Iterator[None]:
    """Money is booked within: those of these accounts that are suspended, and have then paid, are reinstated. One statement else.

    Call it in the transaction of the booking, before that locks the numbers: whoever follows up a case locks in that order too.
    """
    held = Suspension.objects.filter(case=OuterRef("pk"), until=None)
    cases = DunningCase.objects.select_for_update().filter(Exists(held), account__in=list(accounts), ended_at=None)
    suspended = list(cases.order_by("pk"))
    yield
    for case in suspended:
        reinstate_if_paid(account=case.account, now=now, operator=operator)


def reinstate_paid(*, operator: Operator, now: datetime) -> int:
    """Every account whose named bills are paid; how many."""
    moment = Moment.of(now, operator)
    open_cases = list(DunningCase.objects.filter(ended_at=None).values_list("account_id", flat=True))
    over = [found for found in standings(operator=operator, moment=moment, accounts=open_cases) if found.is_over]
    return sum(_reinstated(found.account, operator, now) for found in over)


def _reinstated(account: Account, operator: Operator, now: datetime) -> bool:
    """As :func:`reinstate_if_paid`; nobody else who paid waits for one account's fault."""
    try:
        return reinstate_if_paid(account=account, now=now, operator=operator)
    except Exception:
        logger.exception("account %s, which paid, could not be reinstated; the next round tries again", account.pk)
        return False


def lock_case(account: Account) -> None:
    """Let nobody else act on the open case of an account in this transaction; two that open one at once are told by its key."""
    list(DunningCase.objects.select_for_update().filter(account=account, ended_at=None))


def settle_case(*, case: DunningCase, operator: Operator, now: datetime) -> None:
    """End a case whose bills are paid. Call it in a transaction, with the case locked."""
    account = Account.objects.get(pk=case.account_id)
    outcome = DunningCase.Outcome.PAID if account.closed_at is None else DunningCase.Outcome.CLOSED
    if not DunningCase.objects.filter(pk=case.pk, ended_at=None).update(ended_at=now, outcome=outcome):
        return
    call_off(case=case, now=now)
    suspended = Suspension.objects.filter(account=account, until=None).update(until=now)
    if not suspended or outcome != DunningCase.Outcome.PAID:
        return
    today = now.astimezone(operator.zone).date()
    step = DunningStep.objects.create(
        case=case,
        kind=DunningStep.Kind.REINSTATEMENT,
        key=f"{case.pk} reinstatement",
        planned_on=today,
        planned_at=now,
        done_on=today,
        done_at=now,
    )
    emit(
        kind="account.reinstated",
        key=f"account.reinstated {step.key}",
        data={"account": account.reference, "reason": "paid", "bills": []},
        now=now,
        account_id=account.pk,
    )
    write_step(step=step, account=account, later={}, operator=operator, now=now)


def call_off(*, case: DunningCase, now: datetime) -> int:
    """What was planned of a case does not happen; how many steps."""
    planned = DunningStep.objects.filter(case=case, done_at=None, called_off_at=None)
    return planned.update(called_off_at=now)
