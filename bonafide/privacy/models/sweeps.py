"""What each sweep did."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SweepRun(models.Model):
    """One sweep of the tables or of the logs. It is written as it begins and finished once; one that was killed never finishes.

    ``cutoffs``: by setting, the moment before which nothing may be left. ``counts``: by table ``{"erased", "deleted", "held"}``,
    under ``logs`` ``{"files", "lines_deleted", "files_deleted", "held"}``,
    under ``letters`` the same without lines. ``faults``: what could not be swept, in words.
    """

    class Kind(models.TextChoices):
        ROWS = "rows", _("tables")
        LOGS = "logs", _("logs")

    kind = models.CharField(_("what"), max_length=4, choices=Kind.choices)
    begun_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    cutoffs = models.JSONField(_("nothing before"), default=dict)
    counts = models.JSONField(_("counts"), default=dict)
    faults = models.JSONField(_("not swept"), default=list)

    class Meta:
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["rows", "logs"]), name="sweep_kind_known"),
            models.CheckConstraint(condition=Q(finished_at=None) | Q(finished_at__gte=F("begun_at")), name="sweep_ends_later"),
        ]
        indexes = [models.Index(fields=["kind", "-begun_at"], name="sweep_last")]

    def __str__(self) -> str:
        return f"{self.kind} {self.begun_at:%Y-%m-%d %H:%M}"

    def total(self, *names: str) -> int:
        """The sum of these counts over all tables."""
        return sum(int(counts.get(name, 0)) for counts in self.counts.values() for name in names)
