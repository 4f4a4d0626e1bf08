"""Hand what waits in the outbox to the mail server. Each letter leaves at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.db.models import F

from bonafide.mail.compose import message_of
from bonafide.mail.models import Letter, Refusal
from bonafide.mail.purposes import declared
from bonafide.sealing import Unreadable

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 60  # minutes between two attempts
# What a server says about one letter, or that it cannot even be written; any other trouble is with the server, and would meet the
# next letter too.
_ABOUT_ONE_LETTER = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError, ValueError)


@dataclass
class Round:
    """``found`` is how many were looked at: as many as the limit means that more may wait."""

    found: int = 0
    sent: int = 0
    refused: int = 0
    failed: int = 0


def send_due(*, now: datetime, limit: int, only: int | None = None, stopping: Callable[[], bool] = lambda: False) -> Round:
    """Send what is due, at most ``limit``; ``only`` is the key of a single letter.

    Each is claimed by moving its next attempt on (1, 2, 4 ... 60 minutes), so two workers do not both send it, and one killed
    between the sending and the note leaves it to be sent again. A server that does not answer ends the round.
    """
    done = Round()
    due = Letter.objects.due(now)
    if only is not None:
        due = due.filter(pk=only)
    letters = list(due.select_related("user", "announcement")[:limit])
    if not letters:
        return done
    try:
        with _connection() as connection:
            for letter in letters:
                if stopping():
                    break
                done.found += 1
                if _claim(letter, now):
                    _send(letter, connection, done, now)
    except (SMTPException, OSError) as error:
        done.failed += 1
        logger.error("the mail server does not take letters: %s", type(error).__name__)
    return done


def give_up(*, now: datetime) -> int:
    """Letters that no server took for three days are not sent any more; how many those were."""
    late = Letter.objects.waiting().filter(at__lte=now - Letter.GIVEN_UP_AFTER)
    given_up = late.update(outcome=Letter.Outcome.GIVEN_UP, **_emptied(now))
    if given_up:
        logger.error("%d letters were given up: the mail server took none of them for three days", given_up)
    return given_up


def _send(letter: Letter, connection: Any, done: Round, now: datetime) -> None:
    """:raises SMTPException: :raises OSError: when the trouble is with the server, not with this letter."""
    not_to_send = _why_not(letter)
    if not_to_send:
        done.refused += 1
        _end(letter, not_to_send, now)
        return
    try:
        message = message_of(letter=letter)
        message.connection = connection
        message.send()
    except Unreadable:
        logger.error("a letter (%s, %s) cannot be read since the secret key was replaced", letter.purpose, letter.pk)
        _end(letter, Letter.Outcome.GIVEN_UP, now)
    except _ABOUT_ONE_LETTER as error:
        done.failed += 1
        logger.error("a letter (%s, %s) was not taken by the mail server: %s", letter.purpose, letter.pk, type(error).__name__)
    else:
        _end(letter, Letter.Outcome.SENT, now)
        done.sent += 1


def _why_not(letter: Letter) -> Letter.Outcome | None:
    """Looked up at the moment of sending: a refusal of a second ago counts."""
    if declared(letter.purpose).refusable and Refusal.objects.filter(user=letter.user_id, purpose=letter.purpose).exists():
        return Letter.Outcome.REFUSED
    if letter.announcement_id and not (letter.user and letter.user.is_active and letter.user.email):
        return Letter.Outcome.MOOT
    return None


def _claim(letter: Letter, now: datetime) -> bool:
    wait = timedelta(minutes=min(2**letter.attempts, _LONGEST_WAIT))
    mine = Letter.objects.waiting().filter(pk=letter.pk, attempts=letter.attempts)
    return bool(mine.update(attempts=F("attempts") + 1, try_at=now + wait))


def _end(letter: Letter, outcome: Letter.Outcome, now: datetime) -> None:
    """From here on the row says what for, to whom and when. One that was given up may be written once more."""
    emptied = _emptied(now) if outcome == Letter.Outcome.GIVEN_UP else _emptied(now, once=F("once"))
    Letter.objects.waiting().filter(pk=letter.pk).update(outcome=outcome, **emptied)


def _emptied(now: datetime, **but: Any) -> dict[str, Any]:
    return {"ended_at": now, "address": "", "sealed": "", "once": None, **but}


@contextmanager
def _connection() -> Iterator[Any]:
    """One conversation with the mail server for the whole round. Letters into a folder are files of their own.

    :raises SMTPException: :raises OSError: when nobody answers.
    """
    connection = get_connection()
    if isinstance(connection, EmailBackend):
        connection.open()
    try:
        yield connection
    finally:
        connection.close()
