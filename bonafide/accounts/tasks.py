"""What is done about accounts in the background."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.accounts.tell_ending_keys import tell_ending_keys


@task()
def tell_of_ending_keys() -> str:
    """Each morning: letters about API keys that end in two weeks, or tomorrow."""
    told = tell_ending_keys(now=timezone.now(), zone=settings.OPERATOR.zone)
    return f"{told} keys"
