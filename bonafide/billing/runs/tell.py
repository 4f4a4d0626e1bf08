"""Letters to the staff about a month's bills: each once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from bonafide.accounts.models import User
from bonafide.billing.runs.models import Issuing, Outcome, Rehearsal
from bonafide.mail.send import send_letter
from bonafide.operator import Operator
from bonafide.periods import Month


def tell_to_sign_off(*, rehearsal: Rehearsal, operator: Operator, now: datetime) -> int:
    """A month waits for its sign-off; how many were written to now. Once a month, however often it is rehearsed."""
    outcomes = rehearsal.sums.get("outcomes", {})
    given = {
        "month": Month.from_key(rehearsal.month),
        "bills": outcomes.get(Outcome.BILL, 0),
        "stopped": outcomes.get(Outcome.STOPPED, 0),
        "fault": rehearsal.fault,
    }
    return _tell("billing/email/sign_off_wanted", f"sign-off {rehearsal.month}", given, operator, now)


def tell_of_fault(*, issuing: Issuing, operator: Operator, now: datetime) -> int:
    """The run of a month stopped; how many were written to. Once for each rehearsal that was to be issued."""
    given = {"month": Month.from_key(issuing.month), "fault": issuing.fault}
    return _tell("billing/email/run_stopped", f"run-stopped {issuing.month} {issuing.rehearsal_id}", given, operator, now)


def _tell(template: str, once: str, given: dict[str, Any], operator: Operator, now: datetime) -> int:
    page = operator.service.console_url + reverse("bill_run", args=[given["month"]])
    told = 0
    with transaction.atomic():
        for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
            letter = send_letter(
                purpose="bill-run",
                template=template,
                to=person.email,
                language=person.language or operator.service.language,
                given={**given, "page": page},
                now=now,
                person=person,
                once=f"{once} {person.pk}",
            )
            told += letter is not None
    return told
