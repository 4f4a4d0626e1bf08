"""Somebody tells that they withdraw or cancel: it is kept as written, confirmed by letter, and carried out where it can be.

What names no contract goes to staff, who have until a day. Whoever writes is answered the same either way: a page says nothing of
who has an account here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from bonafide.accounts.models import User
from bonafide.accounts.owners import hold_account
from bonafide.contracts.deadlines import last_day_of_contract, refund_last_day
from bonafide.contracts.end import end_contract, end_subscription
from bonafide.contracts.letters import confirm_notice
from bonafide.contracts.match import Matched, match
from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.settle_up import settle_up
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.pricing.subscribe import SubscriptionRefused

Kind, Task = Notice.Kind, Notice.Task


class NoticeRefused(Refused):
    """A notice that staff cannot carry out like this."""


@dataclass(frozen=True)
class Said:
    """What somebody wrote. ``key`` is one for each form that was opened: pressed twice it is one notice."""

    kind: Notice.Kind
    key: str
    name: str
    email: str
    contract: str
    language: str
    wanted_on: date | None = None
    reason: str = ""


@transaction.atomic
def give_notice(*, said: Said, person: User | None, operator: Operator, now: datetime) -> Notice:
    """Keep what was written and do what it asks. The same ``key``, or a second withdrawal from one contract, changes nothing."""
    there = Notice.objects.filter(key=said.key).first()
    if there:
        return there
    today = now.astimezone(operator.zone).date()
    matched = match(said=said.contract, email=said.email, person=person, today=today)
    if matched:
        hold_account(matched.account.pk)
        before = _withdrawn_before(said.kind, matched.contract)
        if before:
            return before
    notice = Notice.objects.create(
        kind=said.kind,
        received_at=now,
        key=said.key,
        name=said.name,
        email=said.email,
        contract_said=said.contract,
        wanted_on=said.wanted_on,
        reason=said.reason,
        language=said.language,
        person=person,
        task=Task.MATCH,
        due_on=today + timedelta(days=operator.consumers.answer_days),
    )
    if matched:
        carry_out(notice=notice, matched=matched, operator=operator, now=now)
    confirm_notice(notice=notice, now=now)
    return notice


def carry_out(*, notice: Notice, matched: Matched, operator: Operator, now: datetime) -> None:
    """End what the notice is about, as of the day on which it was received; what cannot be done is left to staff.

    Call it inside a transaction, with the account held.
    """
    told_on = notice.received_at.astimezone(operator.zone).date()
    contract = matched.contract
    if notice.kind == Kind.WITHDRAWAL:
        if contract is None:
            return
        if not contract.may_withdraw(told_on):  # too late, or no consumer's: staff answer
            notice.write(account=matched.account, contract=contract)
            return
        _withdraw(notice, contract, told_on, operator, now)
        return
    _cancel(notice, matched, told_on, operator)


def _withdraw(notice: Notice, contract: Contract, told_on: date, operator: Operator, now: datetime) -> None:
    task, due_on = Task.NONE, None
    try:
        with transaction.atomic():
            end_contract(contract=contract, last_on=told_on, withdrawn_at=notice.received_at)
            settled = settle_up(contract=contract, on=told_on, key=notice.reference, operator=operator, now=now)
    except SubscriptionRefused:
        contract.refresh_from_db()
        last = refund_last_day(told_on=told_on)
        notice.write(account=contract.account, contract=contract, last_on=told_on, task=Task.END, due_on=last)
        return
    if settled.refund_minor or settled.by_hand:
        task, due_on = Task.REFUND, refund_last_day(told_on=told_on)
    notice.write(
        account=contract.account,
        contract=contract,
        last_on=told_on,
        currency=contract.currency,
        kept_minor=settled.kept_minor,
        refund_minor=settled.refund_minor,
        task=task,
        due_on=due_on,
    )


def _cancel(notice: Notice, matched: Matched, told_on: date, operator: Operator) -> None:
    last_on = last_day_of_contract(told_on=told_on, wanted_on=notice.wanted_on, notice_days=operator.consumers.notice_days)
    contract = matched.contract
    if contract and contract.last_on is not None:
        last_on = min(last_on, contract.last_on)
    try:
        with transaction.atomic():
            if contract:
                end_contract(contract=contract, last_on=last_on)
            elif matched.subscription:
                end_subscription(subscription=matched.subscription, last_on=last_on)
    except SubscriptionRefused:
        notice.write(account=matched.account, contract=contract, last_on=last_on, task=Task.END)
        return
    notice.write(account=matched.account, contract=contract, last_on=last_on, task=Task.NONE, due_on=None)


def _withdrawn_before(kind: Notice.Kind, contract: Contract | None) -> Notice | None:
    if kind != Kind.WITHDRAWAL or contract is None:
        return None
    return contract.notices.filter(kind=Kind.WITHDRAWAL).first()


# --- By staff -------------------------------------------------------------------------------------------------------------
@transaction.atomic
def match_by_hand(*, notice: Notice, contract: Contract, operator: Operator, by: User, now: datetime) -> None:
    """Staff found the contract: the notice is carried out as of the day on which it was received, and its writer is told.

    :raises NoticeRefused: when it is done already, or cannot be done with this contract.
    """
    hold_account(contract.account_id)
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    contract = Contract.objects.select_related("account", "subscription__plan").get(pk=contract.pk)  # as it is now
    if notice.task != Task.MATCH or notice.done_at:
        raise NoticeRefused(f"{notice} is settled already: nothing is left to be matched")
    before = _withdrawn_before(Kind(notice.kind), contract)
    if before and before.pk != notice.pk:
        raise NoticeRefused(f"{contract} was withdrawn from by {before} already: say so in an answer, and mark this one as done")
    carry_out(notice=notice, matched=Matched(contract.account, contract, contract.subscription), operator=operator, now=now)
    if notice.task == Task.MATCH:
        raise NoticeRefused(f"{contract} could not be withdrawn from on {notice.received_at:%Y-%m-%d}: answer, and mark as done")
    notice.write(done_by=by)
    confirm_notice(notice=notice, now=now, by_staff=True)


def mark_done(*, notice: Notice, how: str, by: User, now: datetime) -> None:
    """Staff did what was left: paid back, answered, ended a plan by hand.

    :raises NoticeRefused: without saying how, or when nothing is left to do.
    """
    if not how.strip():
        raise NoticeRefused(f"{notice}: expected what was done, such as the reference of the transfer")
    done = Notice.objects.to_do().filter(pk=notice.pk).update(done_at=now, done_by=by, done_how=how.strip()[:300])
    if not done:
        raise NoticeRefused(f"{notice}: nothing is left to do")
