"""Write and send the letters that are due. The link in each is made only now, and never kept in the clear."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from bonafide.mail.send import about_of, note_sent
from bonafide.sign_in.models import Alarm, Event, SecurityLetter
from bonafide.sign_in.words import WORDS, written
from bonafide.web.templatetags.web import spoken

logger = logging.getLogger(__name__)

ALARM_LASTS = timedelta(days=14)
_LONGEST_WAIT = 60  # minutes between two attempts
# What a server says about one letter; any other trouble is with the server, and would meet the next letter too.
_ABOUT_ONE_LETTER = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)


@dataclass
class Round:
    sent: int = 0
    failed: int = 0


def write_due(*, now: datetime, limit: int, only: str = "") -> Round:
    """Send what is due, the longest-waiting first, at most ``limit``; ``only`` is the id of a single letter.

    Each is claimed by moving its next attempt on (1, 2, 4 ... 60 minutes), so two workers do not both send it, and one killed in
    the middle leaves it to be sent again. A server that does not answer ends the round.
    """
    done = Round()
    due = SecurityLetter.objects.due(now)
    if only:
        due = due.filter(pk=only)
    for letter in due.select_related("user").order_by("try_at")[:limit]:
        if not _claim(letter, now):
            continue
        try:
            message = compose(letter=letter, now=now)
            message.send()
        except (SMTPException, OSError) as error:
            done.failed += 1
            logger.error("a letter (%s, %s) was not taken by the mail server: %s", letter.event, letter.pk, type(error).__name__)
            if not isinstance(error, _ABOUT_ONE_LETTER):
                break
        else:
            SecurityLetter.objects.filter(pk=letter.pk).update(sent_at=now)
            note_sent(about=about_of(message), now=now)
            done.sent += 1
    return done


def _claim(letter: SecurityLetter, now: datetime) -> bool:
    wait = timedelta(minutes=min(2**letter.attempts, _LONGEST_WAIT))
    mine = SecurityLetter.objects.filter(pk=letter.pk, sent_at=None, attempts=letter.attempts)
    return bool(mine.update(attempts=F("attempts") + 1, try_at=now + wait))


def compose(*, letter: SecurityLetter, now: datetime) -> EmailMessage:
    """The letter in its reader's language, with a fresh link of its own."""
    user = letter.user
    with translation.override(user.language or settings.LANGUAGE_CODE):
        event = Event(letter.event)
        subject, text = written(event, letter.details, spoken(letter.at))
        context: dict[str, Any] = {
            "user": user,
            "subject": subject,
            "what_happened": text,
            "alarm_url": new_alarm(letter=letter, now=now) if WORDS[event].alarm else "",
            "reset_url": _reset_url(user) if event == Event.REPORTED else "",
            "sign_ins_url": _home("/settings/sign-ins"),
            "restores": event == Event.EMAIL_CHANGED and letter.details.get("before") == letter.address,
        }
        composed: EmailMessage = get_adapter().render_mail("mail/security", letter.address, context)
    return composed


def new_alarm(*, letter: SecurityLetter, now: datetime) -> str:
    """The address of a fresh "this was not me" link for this letter."""
    token = secrets.token_urlsafe(32)
    Alarm.objects.create(letter=letter, digest=digest(token), expires_at=now + ALARM_LASTS)
    return _home(reverse("not_me", args=[token]))


def digest(token: str) -> str:
    """What is kept of a link's token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _reset_url(user: Any) -> str:
    token = default_token_generator.make_token(user)
    return _home(reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), token]))


def _home(path: str) -> str:
    """Written in the background, where there is no request whose name a link could take."""
    return f"{settings.OPERATOR.service.console_url.rstrip('/')}{path}"
