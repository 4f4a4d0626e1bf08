"""The letter to staff when an endpoint does not take what it is told."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse

from bonafide.mail.send import send_letter


def tell_not_taken(*, endpoint: str, said: str, off: bool, once: str, now: datetime) -> int:
    """Write to everybody on the staff, a single time for ``once``; how many were written to.

    :param off: whether the endpoint gets nothing more until somebody switches it on again.
    """
    operator = settings.OPERATOR
    page = operator.service.console_url + reverse("admin:webhooks_endpoint_changelist")
    told = 0
    with transaction.atomic():
        for person in get_user_model().objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
            letter = send_letter(
                purpose="webhook-not-taken",
                template="webhooks/email/not_taken",
                to=person.email,
                language=person.language or operator.service.language,
                given={"endpoint": endpoint, "said": said, "off": off, "page": page},
                now=now,
                person=person,
                once=f"webhook {endpoint} {once} {person.pk}",
            )
            told += letter is not None
    return told
