"""What was handed to an authority because the law required it."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.holdings import Kind


class ReleaseQuerySet(models.QuerySet["Release"]):
    def told(self, *, today: date) -> ReleaseQuerySet:
        """Those of which the customer may be told on that day."""
        return self.filter(Q(secret_until=None) | Q(secret_until__lt=today))


class Release(models.Model):
    """Some data of an account, of a person or of both, handed to an authority. Only added; its texts are emptied when old.

    ``kinds`` are of :class:`bonafide.holdings.Kind`; ``scope`` says in words what exactly, ``from_on`` and ``until_on`` of which
    days (both included; None for no bound).
    """

    authority = models.CharField(_("authority"), max_length=200)
    basis = models.CharField(_("legal basis"), max_length=300, help_text=_("The law, as customers may read it."))
    reference = models.CharField(_("reference of the order"), max_length=120, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    # The row outlives the person, and then names one who is gone.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    kinds = models.JSONField(_("what was handed over"))
    scope = models.CharField(_("exactly what"), max_length=500, blank=True, help_text=_("In words, as customers may read it."))
    from_on = models.DateField(_("of days from"), null=True, blank=True)
    until_on = models.DateField(_("of days until"), null=True, blank=True)
    released_at = models.DateTimeField(_("handed over"))
    secret_until = models.DateField(
        _("secret until"),
        null=True,
        blank=True,
        help_text=_("Only where the law forbids to tell the customer: the last day on which they are not told."),
    )
    secret_basis = models.CharField(_("what forbids to tell"), max_length=300, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release to an authority")
        verbose_name_plural = _("releases to authorities")
        constraints = [
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(person__isnull=False), name="release_is_of_somebody"),
            models.CheckConstraint(condition=~Q(authority="") & ~Q(basis=""), name="release_says_to_whom_and_why"),
            models.CheckConstraint(condition=~Q(scope="") | Q(emptied_at__isnull=False), name="release_says_what"),
            models.CheckConstraint(
                condition=Q(from_on=None) | Q(until_on=None) | Q(until_on__gte=F("from_on")), name="release_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(secret_until=None, secret_basis="")
                | (Q(secret_until__isnull=False) & (~Q(secret_basis="") | Q(emptied_at__isnull=False))),
                name="release_secret_has_its_basis",
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="release_of_account"),
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="release_of_person"),
            models.Index(fields=["released_at"], condition=Q(emptied_at=None), name="release_age"),
        ]

    def __str__(self) -> str:
        return f"{self.authority} {self.reference}".strip()

    @property
    def kinds_said(self) -> list[str]:
        return [str(Kind(kind).label) for kind in self.kinds]
