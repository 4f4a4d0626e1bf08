"""Which issued invoice has its PDF, and where."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from bonafide.billing.models import Invoice


class DocumentQuerySet(models.QuerySet["Document"]):
    def pending(self) -> DocumentQuerySet:
        """Those that have no file yet."""
        return self.filter(rendered_at__isnull=True)

    def failing(self) -> DocumentQuerySet:
        """Pending, and the last attempt left a line that says why."""
        return self.pending().exclude(error="")

    def due(self, now: datetime) -> DocumentQuerySet:
        """Pending, and not within the pause after an attempt; the longest waiting first."""
        return self.pending().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")


class Document(models.Model):
    """The rendering of one invoice: pending until ``rendered_at``; the row, not the queue, says what is still to do.

    ``path`` is relative to the documents' folder of the instance; ``sha256`` and ``size`` are of the file there,
    ``xml_sha256`` of the e-invoice beside it, empty where there is none. ``error`` is the line that the last failed attempt left,
    or why a rendered bill has no e-invoice.
    """

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    xml_sha256 = models.CharField(max_length=64, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rendered_at__isnull=True) | ~models.Q(path="") & ~models.Q(sha256=""),
                name="document_rendered_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(rendered_at__isnull=False) | models.Q(next_attempt_at__isnull=False),
                name="document_pending_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(rendered_at__isnull=True), name="document_to_render")
        ]

    def __str__(self) -> str:
        return self.path or f"pending {self.invoice_id}"

    def make_again(self, *, because: str) -> None:
        """Pending again and due at once; harmless when two callers notice the same."""
        assert self.rendered_at is not None  # noqa: S101 - only a finished document can be lost
        Document.objects.filter(pk=self.pk, rendered_at__isnull=False).update(
            rendered_at=None, next_attempt_at=self.rendered_at, attempts=0, error=because
        )
