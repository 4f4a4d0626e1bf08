"""The versions of the terms and who accepted them; what was found when promises were checked, and who signed for the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """The public half of a key that signed evidence; kept for ever, so that old evidence can be verified."""

    name = models.CharField(max_length=16, unique=True)
    public = models.CharField(max_length=64)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Evidence(models.Model):
    """One check of one clause: what it counted, whether the promise was kept. Rows are added, never changed (see ``chain``)."""

    number = models.PositiveBigIntegerField(unique=True)
    clause = models.CharField(max_length=8)
    at = models.DateTimeField()
    kept = models.BooleanField()
    counts = models.JSONField(default=dict)
    # Empty when kept; else one plain line, without personal data: it is published.
    fault = models.CharField(max_length=400, blank=True)
    key = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["clause", "-number"], name="evidence_of_clause")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kept=True, fault="") | (models.Q(kept=False) & ~models.Q(fault="")),
                name="evidence_fault_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.at:%Y-%m-%d %H:%M} {'kept' if self.kept else 'broken'}"


class Attestation(models.Model):
    """A named person stands for a clause that no machine can prove, until a day."""

    clause = models.CharField(_("clause"), max_length=8)
    by = models.CharField(_("signed by"), max_length=120)
    capacity = models.CharField(_("as"), max_length=120)
    on = models.DateField(_("signed on"))
    until = models.DateField(_("holds until"))

    class Meta:
        verbose_name = _("attestation")
        verbose_name_plural = _("attestations")
        constraints = [
            models.CheckConstraint(condition=models.Q(until__gt=models.F("on")), name="attestation_ends_after_it_began")
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.by} {self.on}"


class Change(models.TextChoices):
    """What a version does to the one that was in force when it was made."""

    FIRST = "first", _("the first version")
    WORDING = "wording", _("other words, the same promises")
    TIGHTER = "tighter", _("promises more")
    LOOSER = "looser", _("promises less")


class VersionQuerySet(models.QuerySet["Version"]):
    def in_force(self, now: datetime) -> Version | None:
        """The youngest whose day has come: one that was announced and then replaced before its day never holds."""
        return self.filter(effective_at__lte=now).order_by("-number").first()

    def pending(self, now: datetime) -> Version | None:
        """The one that is announced, if any: the youngest of all, when its day has not come."""
        youngest = self.order_by("-number").first()
        return youngest if youngest and youngest.effective_at > now else None

    def asking(self, now: datetime) -> Version | None:
        """The youngest in force that people have to accept: mended words and better promises ask nobody."""
        return self.filter(effective_at__lte=now, change__in=[Change.FIRST, Change.LOOSER]).order_by("-number").first()


class Version(models.Model):
    """The terms as they were published, whole, in every language; rows are added, never changed.

    ``texts`` is ``{language: [{"id", "title", "paragraphs"}]}``, ``facts`` is ``{clause: {"revision", "values"}}`` where the
    values are by setting.
    """

    number = models.PositiveIntegerField(unique=True)
    made_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    change = models.CharField(max_length=8, choices=Change.choices)
    texts = models.JSONField()
    facts = models.JSONField()

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(effective_at__gte=models.F("made_at")), name="version_not_backdated")
        ]

    def __str__(self) -> str:
        return str(self.number)

    def clauses(self, language: str) -> list[dict[str, Any]]:
        """The clauses in this language, or in the first there is."""
        found: list[dict[str, Any]] = self.texts.get(language) or next(iter(self.texts.values()))
        return found


class Acceptance(models.Model):
    """What one person was told of one version, and that they accepted it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="acceptances")
    shown_at = models.DateTimeField(null=True, blank=True)
    notified_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "version"], name="acceptance_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.version}"
