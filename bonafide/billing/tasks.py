"""What is done about bills in the background."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bonafide.billing.ip_countries import countries_in, note_ip_countries


@task()
def note_countries_of_sign_ins() -> str:
    """On the first of each month, before bills: evidence for where consumers are, if the operator has a list of networks."""
    path = settings.OPERATOR.tax.ip_countries
    if not path:
        return "no list of networks"
    with countries_in(path) as countries:
        added = note_ip_countries(operator=settings.OPERATOR, countries=countries, now=timezone.now())
    return f"{added} added"
