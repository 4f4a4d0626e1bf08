"""What was found when the promises were checked, who signed for what no machine can check, and the keys that signed."""

from __future__ import annotations

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
