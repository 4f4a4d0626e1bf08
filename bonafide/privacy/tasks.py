"""What the background workers run. The clock is read here."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from bonafide.privacy.finish_erasures import finish_erasures


@task()
def erase_due() -> str:
    """Every hour: erase those whose pause is over, sign-ups that nobody confirmed, and of those erased what is kept no longer."""
    done = finish_erasures(now=timezone.now())
    return f"{len(done.erased)} erased, {done.sign_ups} sign-ups too, {done.finished} finished, {done.refused} refused"
