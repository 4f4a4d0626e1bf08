"""Letters about security leave in the background: what a worker's next round does to them, here and now."""

import re

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from bonafide.mail.outbox import send_due
from bonafide.sign_in.tasks import write_letters

ALARM = re.compile(r"http\S+(/account/not-me/\S+)")
RESET = re.compile(r"http\S+(/account/password/reset/key/\S+)")


def delivered(to: str = "") -> list[EmailMessage]:
    """Every letter so far, or those to one address, once the worker has been round."""
    send_due(now=timezone.now(), limit=1000)
    write_letters.call()
    return [letter for letter in mail.outbox if not to or letter.to == [to]]


def subjects(to: str = "") -> list[str]:
    return [letter.subject for letter in delivered(to)]


def link(letter: EmailMessage, pattern: re.Pattern[str] = ALARM) -> str:
    """The path of the link in a letter."""
    found = pattern.search(str(letter.body))
    assert found, letter.body
    return found[1]
