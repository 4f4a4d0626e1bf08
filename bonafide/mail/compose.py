"""Write a letter in its reader's language, with the foot that its purpose asks for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac

from bonafide import sealing
from bonafide.mail.models import Letter
from bonafide.mail.purposes import Purpose, declared
from bonafide.mail.refuse import refuse_url

SEALED_FOR = b"bonafide: letters that wait"


class About(NamedTuple):
    """Whose letter it is and what for; stands on each message as ``about`` before it is sent."""

    person_id: int | None
    account_id: int | None
    purpose: str


class Attached(NamedTuple):
    """A file of the documents' folder that leaves with a letter: read when it leaves, and only if it is still what it was."""

    path: str
    sha256: str
    name: str
    kind: str


class AttachmentLost(ValueError):
    """The file is gone or was altered: the letter waits for it to be made again."""


@dataclass(frozen=True)
class Written:
    """A letter in words, and the files that come with it."""

    subject: str
    text: str
    html: str
    attached: tuple[Attached, ...] = ()

    def seal(self) -> str:
        return sealing.seal(json.dumps(asdict(self)), purpose=SEALED_FOR)

    @classmethod
    def unseal(cls, sealed: str) -> Written:
        """:raises Unreadable: when the instance's secret key was replaced."""
        kept = json.loads(sealing.unseal(sealed, purpose=SEALED_FOR))
        return cls(**{**kept, "attached": tuple(Attached(*one) for one in kept.get("attached", ()))})


def write(*, purpose: Purpose, template: str, language: str, given: dict[str, Any]) -> Written:
    """Render the three parts of a letter. ``given["user"]`` is greeted by name, if it is there."""
    known = {**said_in_each(purpose), **given}
    with translation.override(language or settings.LANGUAGE_CODE):
        return Written(
            subject=" ".join(render_to_string(f"{template}_subject.txt", known).split()),
            text=render_to_string(f"{template}_message.txt", known).strip(),
            html=render_to_string(f"{template}_message.html", known).strip(),
        )


def write_announcement(*, letter: Letter) -> Written:
    """A letter of an announcement, to the person as they are now."""
    assert letter.announcement is not None  # noqa: S101 - the caller's condition
    assert letter.user is not None  # noqa: S101 - a constraint of the table
    purpose, language = declared(letter.purpose), letter.user.language or settings.LANGUAGE_CODE
    subject, paragraphs = letter.announcement.written(language)
    given = {
        "user": letter.user,
        "subject": subject,
        "paragraphs": paragraphs,
        "refuse_url": refuse_url(user_id=letter.user.pk, purpose=purpose.code),
    }
    return write(purpose=purpose, template="mail/announcement", language=language, given=given)


def said_in_each(purpose: Purpose) -> dict[str, Any]:
    """What every letter's frame needs to know."""
    return {"operator": settings.OPERATOR, "console": settings.OPERATOR.service.console_url, "purpose": purpose}


def message_of(*, letter: Letter) -> EmailMessage:
    """What is handed to the mail server for a row of the outbox. Handed over twice, it bears the same Message-ID.

    :raises Unreadable: when the instance's secret key was replaced since it was written.
    :raises AttachmentLost: when a file that comes with it is not there.
    """
    if letter.announcement_id:
        written, to = write_announcement(letter=letter), letter.user.email if letter.user else ""
    else:
        written, to = Written.unseal(letter.sealed), letter.address
    message = EmailMultiAlternatives(subject=written.subject, body=written.text, to=[to], headers=headers_of(letter))
    message.attach_alternative(written.html, "text/html")
    for one in written.attached:
        message.attach(one.name, _content_of(one), one.kind)
    return mark(message, purpose=declared(letter.purpose), person_id=letter.user_id, account_id=letter.account_id)


def _content_of(one: Attached) -> bytes:
    try:
        with default_storage.open(one.path) as file:
            content = file.read()
    except OSError as error:
        raise AttachmentLost(one.path) from error
    if sha256(content).hexdigest() != one.sha256:
        raise AttachmentLost(one.path)
    return bytes(content)


def headers_of(letter: Letter) -> dict[str, str]:
    """That a machine wrote, whom an answer reaches, and for information how it is refused with one click (RFC 8058)."""
    host = settings.CONSOLE_HOST
    headers = {**always(), "Message-ID": f"<{salted_hmac('bonafide.mail.letter', str(letter.pk)).hexdigest()}@{host}>"}
    if declared(letter.purpose).refusable and letter.user_id:
        headers["List-Unsubscribe"] = f"<{refuse_url(user_id=letter.user_id, purpose=letter.purpose)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def always() -> dict[str, str]:
    """Headers of every letter."""
    return {"Reply-To": settings.OPERATOR.identity.email, "Auto-Submitted": "auto-generated"}


def mark(message: EmailMessage, *, purpose: Purpose, person_id: int | None, account_id: int | None) -> EmailMessage:
    """Say on the message whose it is and what for."""
    message.about = About(person_id, account_id, purpose.code)  # type: ignore[attr-defined]
    return message
