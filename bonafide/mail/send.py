"""Give a letter to the outbox, or hand one over at once where somebody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction

from bonafide.mail.compose import About, Attached, write
from bonafide.mail.models import Letter
from bonafide.mail.purposes import UndeclaredLetter, declared, demand

logger = logging.getLogger(__name__)


def send_letter(
    *,
    purpose: str,
    template: str,
    to: str,
    language: str,
    given: dict[str, Any],
    now: datetime,
    person: Any = None,
    account: Any = None,
    once: str = "",
    attached: tuple[Attached, ...] = (),
) -> Letter | None:
    """Write a letter and put it into the outbox; None when ``once`` was written already.

    Call it in the transaction of what the letter tells: then neither is there without the other. The workers hand it over within
    seconds, and again and again for three days while the mail server does not take it: at least once, so that a worker that is
    killed at the wrong moment sends it twice, under the same Message-ID.

    :param purpose: a code of ``purposes.py``; the template must be one of its.
    :param template: what comes before ``_subject.txt``, ``_message.txt`` and ``_message.html``.
    :param person: whose letter it is, who is greeted by name unless ``given`` says otherwise; None for who has no login.
    :param once: a key under which it is written a single time, for as long as rows of letters are kept; empty for no limit.
    :param attached: files that leave with it.
    :raises UndeclaredLetter: when purpose and template do not belong together, or it is information, which is announced.
    """
    what = demand(code=purpose, template=template)
    if what.refusable:
        raise UndeclaredLetter(f"letters for {purpose!r} can be refused: they go out as announcements")
    words = write(purpose=what, template=template, language=language, given={"user": person, "attached": attached, **given})
    written = replace(words, attached=attached)
    values: dict[str, Any] = {
        "purpose": what.code,
        "user": person,
        "account": account,
        "address": to,
        "sealed": written.seal(),
        "at": now,
        "try_at": now,
    }
    with transaction.atomic():
        if once:
            letter, made = Letter.objects.get_or_create(once=once, defaults=values)
        else:
            letter, made = Letter.objects.create(**values), True
        if made:
            nudge(letter)
    return letter if made else None


def nudge(letter: Letter) -> None:
    """Ask the workers once the transaction has committed; were that lost, the minute's round finds the letter."""
    from bonafide.mail.tasks import send_one  # which imports what sends, and that imports this

    def ask() -> None:  # no partial: Django cannot log the failure of one
        send_one.enqueue(letter.pk)

    transaction.on_commit(ask, robust=True)


def after_commit(send: Callable[[], None]) -> None:
    """Call ``send`` now, or once the transaction around us has committed: a mail server may take its time."""
    around = [block for block in transaction.get_connection().atomic_blocks if not getattr(block, "_from_testcase", False)]
    if around:
        transaction.on_commit(send)
    else:
        send()


def hand_over(*, message: EmailMessage, now: datetime) -> bool:
    """Send a letter at once, for somebody who waits for it; False, and a line in the log, when the mail server does not take it.

    Call it outside of transactions: a mail server may take its time. That it left is noted as for any other letter.

    :raises UndeclaredLetter: when nobody said what for (``compose.mark``).
    """
    about = about_of(message)
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.error("a letter (%s) could not be handed to the mail server: %s", about.purpose, error)
        return False
    note_sent(about=about, now=now)
    return True


def about_of(message: EmailMessage) -> About:
    """:raises UndeclaredLetter: when nobody said whose letter it is and what for, or there is no such purpose."""
    about = getattr(message, "about", None)
    if not isinstance(about, About):
        raise UndeclaredLetter("a letter without a purpose is not sent")
    declared(about.purpose)
    return about


def note_sent(*, about: About, now: datetime) -> None:
    """Keep that a letter left which was not in the outbox: what for, to whom, when."""
    Letter.objects.create(
        purpose=about.purpose,
        user_id=about.person_id,
        account_id=about.account_id,
        at=now,
        try_at=now,
        ended_at=now,
        outcome=Letter.Outcome.SENT,
    )
