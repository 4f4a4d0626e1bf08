"""What the background workers run. The clock is read here."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.terms.audit import audit
from bonafide.terms.tell_staff import tell_staff_of_turns


@task()
def check_promises() -> str:
    """Every day: check every clause, and write to the staff when one turned."""
    now = timezone.now()
    found = audit(operator=settings.OPERATOR, now=now)
    told = tell_staff_of_turns(found=found, now=now)
    return f"{len(found)} checked, {sum(not row.kept for row in found)} failing, {told} turned"
