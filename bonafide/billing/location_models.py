"""Evidence for where consumers are, and the questions that it leaves to staff; both are kept (``location_triggers``)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account, User


class LocationEvidence(models.Model):
    """Evidence for where a consumer is (Reg. (EU) 282/2011 art. 24f). Only added; the latest of a kind counts.

    ``place`` is a place's code (``FR``, ``RE``, ``ES-CN``). Of an IP address only the country, how it was found and when.
    """

    class Kind(models.TextChoices):
        IP = "ip", _("Country of IP addresses")
        CARD = "card", _("Country of a card")
        BANK = "bank", _("Country of a bank account")
        PHONE = "phone", _("Country of a telephone number")
        OTHER = "other", _("Something else")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="location_evidence", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    place = models.CharField(_("place"), max_length=15)
    method = models.CharField(_("how it is known"), max_length=200)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("evidence for a place")
        verbose_name_plural = _("evidence for places")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["ip", "card", "bank", "phone", "other"]), name="location_kind_known"),
            models.CheckConstraint(condition=~Q(place="") & ~Q(method=""), name="location_evidence_whole"),
        ]
        indexes = [models.Index(fields=["account", "kind", "id"], name="location_of_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.place}"


class LocationQuestion(models.Model):
    """Evidence that contradicts itself: it stops the account's bill until staff decide, once, with a reason.

    ``items`` is the evidence as [[kind, place], ...], ``digest`` its SHA-256: the decision holds for exactly this evidence.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="location_questions", verbose_name=_("account"))
    items = models.JSONField(_("evidence"))
    digest = models.CharField(max_length=64)
    month = models.PositiveIntegerField(_("month"))
    asked_at = models.DateTimeField(_("asked"))
    place = models.CharField(_("place"), max_length=15, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("question where a consumer is")
        verbose_name_plural = _("questions where consumers are")
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="location_question_once"),
            models.CheckConstraint(
                condition=Q(decided_at=None, place="", reason="") | (Q(decided_at__isnull=False) & ~Q(place="") & ~Q(reason="")),
                name="location_decided_whole",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(f"{kind} {place}" for kind, place in self.items)
