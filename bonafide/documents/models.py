"""Which issued invoice has its PDF, and where."""

from __future__ import annotations

from django.db import models

from bonafide.billing.models import Invoice


class Document(models.Model):
    """The rendering of one invoice: pending until ``rendered_at``; the row, not the queue, says what is still to do."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    rendered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(rendered_at__isnull=True), name="document_to_render")
        ]

    def __str__(self) -> str:
        return self.path or f"pending {self.invoice_id}"
