"""What the background workers run. The clock is read here.

The sweeps run from here because how long things are kept is what the version in force promises, which the packages below do not
know.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.privacy.sweep import sweep_old_logs
from bonafide.privacy.sweep_rows import SweptRows, sweep_rows
from bonafide.terms.acceptance import announce
from bonafide.terms.audit import audit
from bonafide.terms.tell_staff import tell_staff_of_turns
from bonafide.terms.versions import make_version, operator_in_force


@task()
def check_promises() -> str:
    """Every day: check every clause, and write to the staff when one turned."""
    now = timezone.now()
    found = audit(operator=operator_in_force(operator=settings.OPERATOR, now=now), now=now)
    told = tell_staff_of_turns(found=found, now=now)
    return f"{len(found)} checked, {sum(not row.kept for row in found)} failing, {told} turned"


@task()
def publish_terms() -> str:
    """Every minute: make a version when the terms say something else, and announce the one that waits."""
    now = timezone.now()
    made = make_version(operator=settings.OPERATOR, now=now)
    told = announce(operator=settings.OPERATOR, now=now)
    return f"version {made.number} made, {told} told" if made else f"nothing changed, {told} told"


@task()
def sweep_logs() -> str:
    """Every hour: delete the lines of logs that are due."""
    now = timezone.now()
    swept = sweep_old_logs(operator=operator_in_force(operator=settings.OPERATOR, now=now), now=now)
    return f"{swept.lines_deleted} lines and {swept.files_deleted} files deleted of {swept.files}"


@task()
def sweep_tables() -> str:
    """Every hour: erase and delete what is due in the tables, but for what a legal hold keeps."""
    now = timezone.now()
    swept = sweep_rows(operator=operator_in_force(operator=settings.OPERATOR, now=now), now=now)
    return told(swept)


def told(swept: SweptRows) -> str:
    """What a sweep of the tables did, in one line."""
    done = f"{sum(swept.addresses.values())} IP addresses erased, {sum(swept.emptied.values())} rows emptied"
    rest = f"{sum(swept.deleted.values())} deleted, {sum(swept.held.values())} held by law"
    return "; ".join([f"{done}, {rest}", *swept.faults])
