"""What is remembered about coming in: the browsers a person has used, and the letters about their security."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class KnownBrowser(models.Model):
    """A browser from which this person has signed in. What its cookie holds cannot be read from here (see ``browsers.py``)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_browsers")
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("known browser")
        verbose_name_plural = _("known browsers")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="known_browser_once")]
        indexes = [models.Index(fields=["last_seen_at"], name="known_browser_age")]

    def __str__(self) -> str:
        return f"{self.user} since {self.first_seen_at:%Y-%m-%d}"


class Event(models.TextChoices):
    """What a letter about somebody's security tells. Each has its words in ``words.py``."""

    NEW_BROWSER = "new-browser", _("Sign-in with a new browser")
    AFTER_FAILURES = "after-failures", _("Sign-in after failed attempts")
    TOO_MANY = "too-many", _("Too many failed attempts")
    CODE_REFUSED = "code-refused", _("Second step failed several times")
    PASSWORD_CHANGED = "password-changed", _("Password changed")
    PASSWORD_SET = "password-set", _("Password set")
    PASSWORD_RESET = "password-reset", _("Password replaced by letter")
    EMAIL_CHANGED = "email-changed", _("E-mail address changed")
    EMAIL_REMOVED = "email-removed", _("E-mail address removed")
    APP_ADDED = "app-added", _("Authenticator app added")
    APP_REMOVED = "app-removed", _("Authenticator app removed")
    PASSKEY_ADDED = "passkey-added", _("Passkey added")
    PASSKEY_REMOVED = "passkey-removed", _("Passkey removed")
    CODES_MADE = "codes-made", _("Recovery codes made")
    CODE_USED = "code-used", _("Recovery code used")
    PROVIDER_CONNECTED = "provider-connected", _("Provider connected")
    PROVIDER_REMOVED = "provider-removed", _("Provider removed")
    API_KEY_MADE = "api-key-made", _("API key made")
    FACTORS_RESET = "factors-reset", _("Second factors removed by our staff")
    SESSIONS_ENDED = "sessions-ended", _("Sessions ended by our staff")
    REPORTED = "reported", _("Reported as not you")


class SecurityLetterQuerySet(models.QuerySet["SecurityLetter"]):
    def due(self, now: datetime) -> SecurityLetterQuerySet:
        """Those that the mail server has not taken, and that are not too late to be told."""
        return self.filter(sent_at=None, try_at__lte=now, at__gt=now - SecurityLetter.GIVEN_UP_AFTER)


class SecurityLetter(models.Model):
    """One letter about somebody's security: written down with the event itself, sent in the background until it has left.

    The row also carries what its "this was not me" link did: ``raised_at`` is set once, by whoever was first, and ``undone``
    says how much of what was taken back.
    """

    GIVEN_UP_AFTER = timedelta(days=3)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="security_letters", verbose_name=_("person")
    )
    event = models.CharField(_("event"), max_length=20, choices=Event.choices)
    at = models.DateTimeField(_("when"))
    address = models.EmailField(_("to"))
    details = models.JSONField(default=dict, blank=True)
    try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    raised_at = models.DateTimeField(_("reported"), null=True, blank=True)
    undone = models.JSONField(default=dict, blank=True)

    objects = SecurityLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("security letter")
        verbose_name_plural = _("security letters")
        constraints = [models.CheckConstraint(condition=Q(event__in=Event.values), name="security_letter_event_known")]
        indexes = [
            models.Index(fields=["user", "-at"], name="security_letter_of_user"),
            models.Index(fields=["at"], name="security_letter_age"),
            models.Index(fields=["try_at"], condition=Q(sent_at=None), name="security_letter_to_send"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M}"


class Shared(models.Model):
    """One entry of the shared store (``shared_store.py``): a rate limit's tries, its lock, a code that was used.

    ``key`` is an HMAC: whose name or address is counted cannot be read here. ``value`` is JSON.
    """

    key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()
    expires_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Shared]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="shared_by_expiry")]

    def __str__(self) -> str:
        return f"{self.key[:8]}… until {self.expires_at:%Y-%m-%d %H:%M}"


class Alarm(models.Model):
    """The "this was not me" link of one written letter: 256 random bits, of which only the SHA-256 is kept.

    A letter that had to be handed over twice (the first answer got lost, say) has two; using one uses up the letter.
    """

    letter = models.ForeignKey(SecurityLetter, on_delete=models.CASCADE, related_name="alarms")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d}"
