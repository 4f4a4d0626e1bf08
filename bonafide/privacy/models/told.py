"""That whom it concerns was written to about a release or an order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bonafide.privacy.models.holds import Hold
from bonafide.privacy.models.releases import Release


class Told(models.Model):
    """One row for each release and each order, written with the letters. It stands beside theirs, which are never rewritten."""

    release = models.OneToOneField(Release, on_delete=models.CASCADE, null=True, related_name="+")
    hold = models.OneToOneField(Hold, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(release__isnull=False, hold=None) | Q(release=None, hold__isnull=False), name="told_of_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release or self.hold} {self.at:%Y-%m-%d}"
