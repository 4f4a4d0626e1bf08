"""What the background workers do about a month's bills. The rows say what is to be done; arguments are keys alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from bonafide.billing.runs.announce import announce_bills
from bonafide.billing.runs.by_itself import step_by_itself
from bonafide.billing.runs.empty import empty_old
from bonafide.billing.runs.issue_signed import work_issuing
from bonafide.billing.runs.models import Issuing, Rehearsal
from bonafide.billing.runs.rehearse_all import rehearse_all
from bonafide.billing.runs.tell import tell_of_fault


@task()
def rehearse(rehearsal_id: int) -> str:
    """Rehearse a month into its table."""
    done = rehearse_all(rehearsal_id=rehearsal_id, operator=settings.OPERATOR, clock=timezone.now)
    return f"{done.done} accounts{f', {done.fault}' if done.fault else ''}" if done else "done by another"


@task()
def issue(issuing_id: int) -> str:
    """Issue a month's bills; the letters about them follow at their own pace."""
    done = work_issuing(issuing_id=issuing_id, operator=settings.OPERATOR, clock=timezone.now)
    if done is None:
        return "done by another"
    if done.fault:
        tell_of_fault(issuing=done, operator=settings.OPERATOR, now=timezone.now())
    return f"{done.issued} issued, {done.stopped} stopped, {done.left_out} left out{f', {done.fault}' if done.fault else ''}"


@task()
def keep_bill_runs_going() -> str:
    """Every five minutes: take up what a lost task left at work, and do what the operator's file says is due."""
    keep_going()
    return step_by_itself(operator=settings.OPERATOR, now=timezone.now(), rehearse_soon=rehearse_soon, issue_soon=issue_soon)


@task()
def announce_issued_bills() -> str:
    """Every minute: letters about bills that have none yet, so many a minute and no more."""
    return f"{announce_bills(operator=settings.OPERATOR, now=timezone.now())} announced"


@task()
def empty_old_rehearsals() -> str:
    """Every night: rows of rehearsals that are too old to issue anything by."""
    return f"{empty_old(now=timezone.now())} deleted"


def rehearse_soon(rehearsal: Rehearsal) -> None:
    """Nudge the workers once the transaction has committed; were that lost, the round of every five minutes finds the row."""
    transaction.on_commit(partial(_enqueue, rehearse, rehearsal.pk))


def issue_soon(issuing: Issuing) -> None:
    """The same for bills that are to go out."""
    transaction.on_commit(partial(_enqueue, issue, issuing.pk))


def keep_going() -> None:
    """Enqueue what is at work and has no task; harmless beside one that has."""
    from django_tasks_db.models import DBTaskResult

    waiting: list[tuple[Any, Any]] = [(rehearse, Rehearsal.objects.at_work()), (issue, Issuing.objects.filter(ended_at=None))]
    for work, rows in waiting:
        held = DBTaskResult.objects.filter(status__in=["READY", "RUNNING"], task_path=work.module_path)
        if rows.exists() and not held.exists():
            for pk in rows.values_list("pk", flat=True):
                work.enqueue(pk)


def _enqueue(work: Any, pk: int) -> None:
    work.enqueue(pk)
