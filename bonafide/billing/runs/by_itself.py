"""What the console does about last month's bills without being asked, step by step; every round looks at where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bonafide.billing.models import BillRun
from bonafide.billing.runs.ask import ask_issuing, ask_rehearsal
from bonafide.billing.runs.models import Issuing, Rehearsal
from bonafide.billing.runs.tell import tell_to_sign_off
from bonafide.operator import Operator
from bonafide.periods import Month


def step_by_itself(
    *,
    operator: Operator,
    now: datetime,
    rehearse_soon: Callable[[Rehearsal], None],
    issue_soon: Callable[[Issuing], None],
) -> str:
    """From ``billing.issue_day`` on: rehearse last month, then issue it, or ask staff once for the sign-off that is needed.

    What stopped is tried again once a day, except a sign-off that the bills do not come to any more: that waits for a new one.
    Says in a word what it did.
    """
    today = now.astimezone(operator.zone).date()
    if not operator.billing.issue_day or today.day < operator.billing.issue_day:
        return "not yet"
    month = Month.of(now, operator.zone).previous()
    if BillRun.objects.filter(month=month.key, finished_at__isnull=False).exists():
        return "issued"
    newest = Rehearsal.objects.of_month(month.key).select_related("sign_off").first()
    signed = newest is not None and hasattr(newest, "sign_off")
    if Issuing.objects.filter(month=month.key, ended_at=None).exists():
        return "issuing"
    if newest is None or not (signed or _is_of_today_or_since(newest, operator, now)):
        rehearse_soon(ask_rehearsal(month=month, now=now))
        return "rehearsing"
    if newest.ended_at is None:
        return "rehearsing"
    if operator.billing.sign_off == "required" and not signed:
        told = tell_to_sign_off(rehearsal=newest, operator=operator, now=now)
        return f"waits for a sign-off, {told} told"
    last = Issuing.objects.filter(month=month.key).order_by("-pk").first()
    if last and last.ended_at and (last.ended_at.astimezone(operator.zone).date() == today or _is_in_vain(last, newest)):
        return "stopped"
    issue_soon(ask_issuing(month=month, operator=operator, now=now))
    return "issuing"


def _is_of_today_or_since(rehearsal: Rehearsal, operator: Operator, now: datetime) -> bool:
    """Whether it was made on the day of issue or later: one from before may lack the last usage."""
    asked = rehearsal.asked_at.astimezone(operator.zone).date()
    return asked >= now.astimezone(operator.zone).date().replace(day=operator.billing.issue_day)


def _is_in_vain(last: Issuing, newest: Rehearsal) -> bool:
    """Whether the same sign-off was tried already and something is in its way."""
    return last.rehearsal_id == newest.pk and bool(last.fault or last.stopped or last.left_out)
