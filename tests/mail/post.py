"""Letters leave in the background: what a worker's next round does to the outbox, here and now."""

from datetime import datetime

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from bonafide.mail.outbox import send_due


def posted(now: datetime | None = None) -> list[EmailMessage]:
    """Every letter so far, once a worker has been round."""
    send_due(now=now or timezone.now(), limit=1000)
    return mail.outbox
