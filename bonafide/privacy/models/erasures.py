"""Erasures as rows, with what was kept and why."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def waiting(self) -> ErasureQuerySet:
        """Asked for, neither withdrawn nor done."""
        return self.filter(done_at=None, withdrawn_at=None)

    def due(self, now: datetime) -> ErasureQuerySet:
        """Those whose pause is over."""
        return self.waiting().filter(due_at__lte=now).order_by("due_at", "pk")

    def unfinished(self) -> ErasureQuerySet:
        """Done but for what has to be kept."""
        return self.filter(done_at__isnull=False, finished_at=None).order_by("number")

    def journal(self) -> ErasureQuerySet:
        """In the order of the journal."""
        return self.filter(number__isnull=False).order_by("number")


class Erasure(models.Model):
    """A person, or an account, that was or will be erased. ``number`` and ``digest`` are its place in the journal (``journal``).

    ``kept`` says what is left and why, without personal data: ``[{"kind", "rows", "basis", "until"}]``, ``until`` a date or
    empty. Once nothing is left, it is finished. ``hindrance`` is the line of the last try that was refused.
    """

    class By(models.TextChoices):
        THEMSELVES = "themselves", _("themselves")
        STAFF = "staff", _("our staff, for them")
        SHELL = "shell", _("our staff, on the machine")
        NOBODY = "nobody", _("nobody: the sign-up was never confirmed")

    # The row outlives whom it is about, and then names somebody who is gone.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="erasures",
        verbose_name=_("person"),
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="erasures",
        verbose_name=_("account"),
    )
    by = models.CharField(_("asked by"), max_length=10, choices=By.choices)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("staff"),
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    finished_at = models.DateTimeField(_("nothing is left since"), null=True, blank=True)
    kept = models.JSONField(_("kept"), default=list, blank=True)
    hindrance = models.CharField(_("hindrance"), max_length=300, blank=True)
    number = models.PositiveBigIntegerField(unique=True, null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, account=None) | Q(person=None, account__isnull=False),
                name="erasure_of_one",
            ),
            models.CheckConstraint(condition=Q(by__in=["themselves", "staff", "shell", "nobody"]), name="erasure_by_known"),
            models.CheckConstraint(
                condition=Q(done_at=None, number=None, digest="", finished_at=None)
                | (Q(done_at__isnull=False, number__isnull=False, withdrawn_at=None) & ~Q(digest="")),
                name="erasure_done_is_numbered",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(done_at=None, withdrawn_at=None), name="erasure_of_person_waits_once"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(done_at=None, withdrawn_at=None), name="erasure_of_account_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{'person' if self.person_id else 'account'} {self.person_id or self.account_id}"
