"""What the background workers run. The clock is read here."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.privacy.finish_erasures import finish_erasures
from bonafide.privacy.tell_of_law import tell_due


@task()
def erase_due() -> str:
    """Every hour: erase those whose pause is over, sign-ups that nobody confirmed, and of those erased what is kept no longer."""
    done = finish_erasures(now=timezone.now())
    return f"{len(done.erased)} erased, {done.sign_ups} sign-ups too, {done.finished} finished, {done.refused} refused"


@task()
def tell_of_law() -> str:
    """Every hour: write about releases and orders that the law forbade to tell until yesterday."""
    now = timezone.now()
    return f"{tell_due(today=timezone.localdate(now, settings.OPERATOR.zone), now=now)} told"
