"""Letters that wait or have left, what people refused, and what staff announce."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.mail.purposes import PURPOSES


def information_choices() -> list[tuple[str, Any]]:
    """Asked for at run time, so that a new purpose needs no migration."""
    return [(purpose.code, purpose.name) for purpose in PURPOSES if purpose.refusable]


class Announcement(models.Model):
    """A letter of information that staff write once, to many. It is approved once, and then changes no more.

    ``previewed`` says of which text, and to whom, a preview was sent last. ``filled_at``: everybody's letter waits in the outbox.
    ``sent_at``: none waits any more; the counts are of that moment, because the letters' rows go after a while.
    """

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", _("Everybody who acts for an open account")
        OWNERS = "owners", _("Owners of open accounts")
        BILLING = "billing", _("Owners and billing of open accounts")

    purpose = models.CharField(_("purpose"), max_length=30, choices=information_choices)
    audience = models.CharField(_("to"), max_length=9, choices=Audience.choices)
    subject_en = models.CharField(_("subject in English"), max_length=150)
    body_en = models.TextField(_("text in English"), help_text=_("Plain paragraphs, an empty line between them."))
    subject_fr = models.CharField(_("subject in French"), max_length=150)
    body_fr = models.TextField(_("text in French"), help_text=_("Plain paragraphs, an empty line between them."))
    created_at = models.DateTimeField(_("written"))
    previewed = models.CharField(max_length=64, blank=True, editable=False)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    filled_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    people = models.PositiveIntegerField(_("letters"), default=0, editable=False)
    reached = models.PositiveIntegerField(_("letters that left"), default=0, editable=False)

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        constraints = [
            models.CheckConstraint(
                condition=Q(filled_at=None) | Q(approved_at__isnull=False), name="announcement_approved_first"
            ),
            models.CheckConstraint(condition=Q(sent_at=None) | Q(filled_at__isnull=False), name="announcement_filled_first"),
        ]

    def __str__(self) -> str:
        return self.subject_en

    def written(self, language: str) -> tuple[str, list[str]]:
        """Subject and paragraphs in one of our languages."""
        subject, body = (self.subject_fr, self.body_fr) if language == "fr" else (self.subject_en, self.body_en)
        paragraphs = "\n".join(line.rstrip() for line in body.strip().splitlines()).split("\n\n")
        return subject, [paragraph.strip() for paragraph in paragraphs if paragraph.strip()]


class LetterQuerySet(models.QuerySet["Letter"]):
    def waiting(self) -> LetterQuerySet:
        return self.filter(ended_at=None)

    def due(self, now: datetime) -> LetterQuerySet:
        """Those to try now: letters to one person before announcements, then the longest-waiting."""
        return self.waiting().filter(try_at__lte=now).order_by(models.F("announcement").asc(nulls_first=True), "try_at", "pk")

    def sent_to(self, user: Any) -> LetterQuerySet:
        return self.filter(user=user, outcome=Letter.Outcome.SENT).order_by("-ended_at", "-pk")


class Letter(models.Model):
    """One letter: what is to be sent, until it is; after that, what for, to whom and when, and no more.

    ``sealed`` is the letter itself, encrypted: it may hold a link that opens something. A letter of an announcement holds no text
    and no address: both are looked up when it leaves. ``once`` names what may be written one time only. ``user`` is empty when
    the address belongs to nobody with a login, as far as we know.
    """

    GIVEN_UP_AFTER = timedelta(days=3)

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent")
        REFUSED = "refused", _("Refused before it was sent")
        MOOT = "moot", _("Nobody to write to any more")
        GIVEN_UP = "given-up", _("Given up: the mail server did not take it")

    purpose = models.CharField(_("purpose"), max_length=30)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="letters", verbose_name=_("person")
    )
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("account")
    )
    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, null=True, related_name="letters")
    once = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - empty ones are not alike
    address = models.EmailField(blank=True)
    sealed = models.TextField(blank=True)
    at = models.DateTimeField(_("written"))
    try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(_("when"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            models.UniqueConstraint(fields=["announcement", "user"], name="letter_of_announcement_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="") | (Q(ended_at__isnull=False, address="", sealed="") & ~Q(outcome="")),
                name="letter_ended_holds_nothing",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False)
                | (Q(announcement=None) & ~Q(address="") & ~Q(sealed=""))
                | Q(announcement__isnull=False, user__isnull=False, address="", sealed=""),
                name="letter_waiting_can_be_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(ended_at=None), name="letter_to_send"),
            models.Index(fields=["user", "-ended_at"], name="letter_of_user"),
            models.Index(fields=["ended_at"], name="letter_age"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.at:%Y-%m-%d %H:%M}"


class Refusal(models.Model):
    """This person wants no letters of this purpose."""

    class How(models.TextChoices):
        SETTINGS = "settings", _("in the settings")
        ONE_CLICK = "one-click", _("by the link in a letter")
        SIGN_UP = "sign-up", _("when signing up")
        STAFF = "staff", _("by our staff, as you asked")
        NOT_ASKED = "not-asked", _("you were not asked yet")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="refusals", verbose_name=_("person")
    )
    purpose = models.CharField(_("purpose"), max_length=30, choices=information_choices)
    since = models.DateTimeField(_("since"))
    how = models.CharField(_("how"), max_length=9, choices=How.choices)

    class Meta:
        verbose_name = _("refusal of letters")
        verbose_name_plural = _("refusals of letters")
        constraints = [models.UniqueConstraint(fields=["user", "purpose"], name="refusal_once")]

    def __str__(self) -> str:
        return self.purpose
