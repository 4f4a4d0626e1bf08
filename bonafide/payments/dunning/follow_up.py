"""Follow up what is not paid: for each account at most the one step whose day it is, once, whatever is killed or repeated."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from bonafide.accounts.close import close_account
from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.payments.dunning.ladder import PREVIEWED, Ahead, Rung
from bonafide.payments.dunning.late import late_of
from bonafide.payments.dunning.letters import write_step
from bonafide.payments.dunning.models import DunningBill, DunningCase, DunningStep, Suspension
from bonafide.payments.dunning.owed import Debt
from bonafide.payments.dunning.reinstate import call_off, lock_case, settle_case
from bonafide.payments.dunning.standing import DAY, MORNING, Moment, Standing, standings
from bonafide.payments.dunning.tell_staff import tell_of_money_left
from bonafide.webhooks.emit import emit

logger = logging.getLogger(__name__)

UNPAID = "unpaid_bills"  # why, as the service is told it


@dataclass(frozen=True)
class Followed:
    """How many steps were done and planned, and how many accounts had paid."""

    done: int = 0
    planned: int = 0
    paid: int = 0


def follow_up(*, operator: Operator, now: datetime) -> Followed:
    """Look at every account and do what is due. Where dunning is off, only what was paid is undone.

    Each account is one short transaction, in which it is looked at again; nothing is done twice by two at once.
    """
    counted = Followed()
    for found in standings(operator=operator, moment=Moment.of(now, operator)):
        if not _wants(found):
            continue
        try:
            with transaction.atomic():
                counted = _act(found, counted, operator, now)
        except IntegrityError:  # another worker was faster
            continue
        except Exception:  # nobody else waits for one account's fault; it is tried again in the next round
            logger.exception("what follows unpaid bills of account %s could not be done", found.account.pk)
    return counted


def _wants(found: Standing) -> bool:
    """Whether anything may be to do; what is not looked at here takes no transaction."""
    if found.is_over:
        return True
    if not found.operator.dunning.enabled:
        return False
    step = next(iter(found.ahead()), None)
    if step is None or found.pause:
        return any(not step.done_at and not step.called_off_at for step in found.steps.values())
    return _is_due(found, step) or _is_to_plan(found, step)


def _act(found: Standing, counted: Followed, operator: Operator, now: datetime) -> Followed:
    """What is to do for one account, looked at again under its lock."""
    moment = Moment.of(now, operator)
    lock_case(found.account)
    again = next(iter(standings(operator=operator, moment=moment, accounts=[found.account.pk])), None)
    if again is None:
        return counted
    if again.is_over and again.case:
        settle_case(case=again.case, operator=operator, now=now)
        return replace(counted, paid=counted.paid + 1)
    step = next(iter(again.ahead()), None)
    if step is None or again.pause:
        if again.case:
            call_off(case=again.case, now=now)
        return counted
    if _is_due(again, step):
        _do(again, step)
        return replace(counted, done=counted.done + 1)
    if _is_to_plan(again, step):
        _plan(again, step)
        return replace(counted, planned=counted.planned + 1)
    return counted


def _is_due(found: Standing, step: Ahead) -> bool:
    moment = found.moment
    if moment.hour < MORNING or step.on > moment.today:
        return False
    if step.rung not in PREVIEWED:
        return True
    row = found.steps.get(step.rung)
    return row is not None and row.called_off_at is None and moment.now >= row.planned_at + DAY


def _is_to_plan(found: Standing, step: Ahead) -> bool:
    row = found.steps.get(step.rung)
    return step.rung in PREVIEWED and (row is None or row.called_off_at is not None) and step.on <= found.moment.soonest


def _plan(found: Standing, step: Ahead) -> None:
    """The row that staff see for a day before anything happens."""
    case, now = found.case, found.moment.now
    if case is None:
        return
    values = {"planned_on": step.on, "planned_at": now, "called_off_at": None}
    DunningStep.objects.update_or_create(key=_key(case, step.rung), defaults={"case": case, "kind": step.rung, **values})


def _do(found: Standing, ahead: Ahead) -> None:
    """Write the step down with its bills, and do all that belongs to it."""
    moment, account, operator = found.moment, found.account, found.operator
    case = found.case or DunningCase.objects.create(account=account, opened_at=moment.now)
    key = _key(case, ahead.rung)
    fresh = {"case": case, "kind": ahead.rung, "planned_on": ahead.on, "planned_at": moment.now}
    step, _made = DunningStep.objects.get_or_create(key=key, defaults=fresh)
    if not DunningStep.objects.filter(pk=step.pk, done_at=None).update(done_at=moment.now, done_on=moment.today):
        raise IntegrityError(f"{key} was done")
    step.refresh_from_db()
    pressed = found.pressed(moment.today)
    _name(step, pressed, found)
    later = _later(account, operator, moment)
    if later:
        step.next_kind, step.next_on = later[0].rung, later[0].on
        step.save(update_fields=["next_kind", "next_on"])
    if ahead.rung == Rung.SUSPENSION:
        _suspend(step, pressed, found)
    if ahead.rung == Rung.CLOSING:
        _close(step, pressed, found)
    days = {each.rung: each.on for each in later}
    write_step(step=step, account=account, later=days, operator=operator, now=moment.now)


def _key(case: DunningCase, rung: Rung) -> str:
    return f"{case.pk} {rung}"


def _later(account: Account, operator: Operator, moment: Moment) -> tuple[Ahead, ...]:
    [after] = standings(operator=operator, moment=moment, accounts=[account.pk])
    return after.ahead()


def _name(step: DunningStep, pressed: list[Debt], found: Standing) -> None:
    """Which bills the step is about, with what the law had added to each by the day before."""
    invoices = Invoice.objects.filter(pk__in=[debt.invoice_id for debt in pressed])
    late = late_of(bills=invoices, account=found.account, until=found.moment.today - DAY, operator=found.operator)
    DunningBill.objects.bulk_create(
        DunningBill(
            step=step,
            invoice_id=debt.invoice_id,
            open_minor=debt.pressed_minor,
            interest_minor=late[debt.invoice_id].interest.minor if debt.invoice_id in late else 0,
            fee_minor=late[debt.invoice_id].fee_minor if debt.invoice_id in late else 0,
        )
        for debt in pressed
    )


def _suspend(step: DunningStep, pressed: list[Debt], found: Standing) -> None:
    with translation.override(found.account.language):
        reason = _("Bills were not paid: %(numbers)s") % {"numbers": ", ".join(debt.number for debt in pressed)}
    now = found.moment.now
    Suspension.objects.create(account=found.account, case=step.case, since=now, reason=reason[:200])
    _emit("account.suspended", step, pressed, found)


def _close(step: DunningStep, pressed: list[Debt], found: Standing) -> None:
    """The account is closed, with what it ordered; the month so far is billed as any other."""
    account, now, today = found.account, found.moment.now, found.moment.today
    Suspension.objects.filter(account=account, until=None).update(until=now)
    DunningCase.objects.filter(pk=step.case_id, ended_at=None).update(ended_at=now, outcome=DunningCase.Outcome.CLOSED)
    end_contracts: Any = import_string(settings.CONTRACTS_END)
    end_contracts(account_id=account.pk, last_on=today)
    close_account(account=account, now=now, reason=UNPAID, bills=_bills(pressed))  # which tells the service
    tell_of_money_left(account=account, key=step.key, operator=found.operator, now=now)


def _emit(kind: str, step: DunningStep, pressed: list[Debt], found: Standing) -> None:
    emit(
        kind=kind,
        key=f"{kind} {step.key}",
        data={
            "account": found.account.reference,
            "reason": UNPAID,
            "bills": _bills(pressed),
        },
        now=found.moment.now,
        account_id=found.account.pk,
    )


def _bills(pressed: list[Debt]) -> list[dict[str, Any]]:
    """The bills that it is about, as the service is told them."""
    return [
        {
            "number": debt.number,
            "currency": debt.currency,
            "open_minor": debt.pressed_minor,
            "due_on": debt.due_on.isoformat(),
        }
        for debt in pressed
    ]
