"""One closed month. Never changed (``triggers``)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Closing(models.Model):
    """What a ``month`` (YYYYMM) came to, and everything since the beginning.

    ``totals`` and ``cumulative`` are lists of sums by currency (see ``totals``), ``digests`` SHA-256 of what no seal of its own
    covers whole. ``bills_position`` and ``bills_seal`` are the last document dated until ``last_on``; ``ledger_entry`` and
    ``ledger_seal`` the last entry of ``ledger_year`` at the moment of closing, whatever its day. ``seal`` covers the row and the
    closing before.
    """

    position = models.PositiveIntegerField(unique=True)
    month = models.PositiveIntegerField(_("month"), unique=True)
    last_on = models.DateField(_("last day"), unique=True)
    closed_at = models.DateTimeField(_("closed"))
    totals = models.JSONField(_("of the month"))
    cumulative = models.JSONField(_("since the beginning"))
    digests = models.JSONField(_("digests"))
    bills_position = models.PositiveBigIntegerField()
    bills_seal = models.CharField(max_length=64)
    ledger_year = models.PositiveSmallIntegerField()
    ledger_entry = models.PositiveIntegerField()
    ledger_seal = models.CharField(max_length=64)
    seal = models.CharField(_("seal"), max_length=64)

    class Meta:
        verbose_name = _("closed month of the books")
        verbose_name_plural = _("closed months of the books")

    def __str__(self) -> str:
        return f"{self.month // 100:04d}-{self.month % 100:02d}"


class BooksReport(Closing):
    """No rows of its own: its place in the back office's navigation leads to the report of the books."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("report of the books")
        verbose_name_plural = _("report of the books")
