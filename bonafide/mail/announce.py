"""From a draft to everybody's mailbox: preview, approve, write everybody's letter in chunks, be done."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from bonafide.errors import Refused
from bonafide.mail.audience import audience
from bonafide.mail.models import Announcement, Letter
from bonafide.mail.purposes import declared
from bonafide.mail.refuse import refuse_url
from bonafide.mail.send import send_letter

logger = logging.getLogger(__name__)

CHUNK = 1000
PREVIEW = "announcement-preview"


class CannotApprove(Refused):
    """It was approved already, or whoever approves has not seen it as it is now."""


@dataclass(frozen=True)
class Progress:
    """``ended`` of ``people`` letters are done with, of which ``reached`` left; ``complete`` once everybody's is written."""

    people: int
    ended: int
    reached: int
    complete: bool


def send_preview(*, announcement: Announcement, to: Any, now: datetime) -> None:
    """The letter as its readers get it, to one of the staff, in both languages; it can be approved by them from now on."""
    purpose = declared(announcement.purpose)
    with transaction.atomic():
        for language in ("en", "fr"):
            subject, paragraphs = announcement.written(language)
            given = {
                "subject": subject,
                "paragraphs": paragraphs,
                "refuse_url": refuse_url(user_id=to.pk, purpose=purpose.code),
                "shown_as": purpose,
            }
            send_letter(
                purpose=PREVIEW, template="mail/announcement", to=to.email, language=language, given=given, now=now, person=to
            )
        Announcement.objects.filter(pk=announcement.pk, approved_at=None).update(previewed=_digest(announcement, to))


def approve(*, announcement: Announcement, by: Any, now: datetime) -> None:
    """Let the workers send it. From now on nobody changes it.

    :raises CannotApprove: nothing is changed.
    """
    if announcement.approved_at is not None:
        raise CannotApprove(_("This announcement was approved already."))
    seen = Announcement.objects.filter(pk=announcement.pk, approved_at=None, previewed=_digest(announcement, by))
    if not seen.update(approved_at=now, approved_by=by):
        raise CannotApprove(
            _("Send the preview to yourself first, and again after each change: what is approved is what you saw.")
        )


def _digest(announcement: Announcement, seen_by: Any) -> str:
    """Of all that readers get, and of who saw it."""
    fields = ("purpose", "audience", "subject_en", "body_en", "subject_fr", "body_fr")
    text = "\0".join([str(seen_by.pk), *(getattr(announcement, field) for field in fields)])
    return sha256(text.encode()).hexdigest()


# --- In the background ----------------------------------------------------------------------------------------------------
def fill_announcements(*, now: datetime) -> int:
    """Put the letters of approved announcements into the outbox, chunk by chunk; how many those were.

    Each chunk is one statement. Whoever has a letter of it gets no second one, so a restart goes on where it stopped.
    """
    written = 0
    for announcement in Announcement.objects.filter(approved_at__isnull=False, filled_at=None).order_by("approved_at"):
        while chunk := _fill_chunk(announcement, now):
            written += chunk
        Announcement.objects.filter(pk=announcement.pk, filled_at=None).update(filled_at=now)
    return written


def _fill_chunk(announcement: Announcement, now: datetime) -> int:
    """``INSERT ... SELECT`` of the next people; how many."""
    people, parameters = audience(announcement).values(reader=F("pk"))[:CHUNK].query.sql_with_params()
    moment = connection.ops.adapt_datetimefield_value(now)
    statement = f"""
        INSERT INTO {Letter._meta.db_table} (purpose, user_id, announcement_id, address, sealed, at, try_at, attempts, outcome)
        SELECT %s, people.reader, %s, '', '', %s, %s, 0, '' FROM ({people}) AS people WHERE TRUE
        ON CONFLICT (announcement_id, user_id) DO NOTHING
    """  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(statement, [announcement.purpose, announcement.pk, moment, moment, *parameters])
        return int(cursor.rowcount)


def finish_announcements(*, now: datetime) -> int:
    """Note of those whose last letter has left how many there were; how many announcements are done."""
    done = 0
    for announcement in Announcement.objects.filter(filled_at__isnull=False, sent_at=None):
        if not announcement.letters.waiting().exists():
            state = progress(announcement)
            mine = Announcement.objects.filter(pk=announcement.pk, sent_at=None)
            done += mine.update(sent_at=now, people=state.people, reached=state.reached)
    return done


def progress(announcement: Announcement) -> Progress:
    """How far it is."""
    if announcement.sent_at:
        return Progress(announcement.people, announcement.people, announcement.reached, complete=True)
    counted = announcement.letters.aggregate(
        people=Count("pk"),
        ended=Count("pk", filter=Q(ended_at__isnull=False)),
        reached=Count("pk", filter=Q(outcome=Letter.Outcome.SENT)),
    )
    return Progress(**counted, complete=announcement.filled_at is not None)
