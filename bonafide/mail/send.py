"""Send one letter."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

logger = logging.getLogger(__name__)


def send_letter(*, template: str, to: str, language: str, given: dict[str, Any]) -> bool:
    """Send one letter in its reader's language; False, and a line in the log, when the mail server does not take it.

    Call it outside of transactions: a mail server may take its time, and a letter cannot be called back.

    :param template: what comes before ``_subject.txt``, ``_message.txt`` and ``_message.html``.
    """
    known = {"operator": settings.OPERATOR, "console": settings.OPERATOR.service.console_url, **given}
    with translation.override(language):
        letter = EmailMultiAlternatives(
            subject=" ".join(render_to_string(f"{template}_subject.txt", known).split()),
            body=render_to_string(f"{template}_message.txt", known),
            to=[to],
            headers={"Reply-To": settings.OPERATOR.identity.email, "Auto-Submitted": "auto-generated"},
        )
        letter.attach_alternative(render_to_string(f"{template}_message.html", known), "text/html")
    try:
        letter.send()
    except (SMTPException, OSError) as error:
        logger.error("a letter (%s) could not be handed to the mail server: %s", template, error)
        return False
    return True
