"""What the law, or an order, asks to keep although it would be due: counted, dated, and over by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.holdings import Kind

LONGEST_MONTHS = 36


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_force(self, now: datetime) -> HoldQuerySet:
        """Those that keep something at this moment. Nothing has to run for one to end."""
        return self.filter(begins_at__lte=now, until__gt=now).filter(Q(lifted_at=None) | Q(lifted_at__gt=now))

    def told(self, *, today: date) -> HoldQuerySet:
        """Those of which the customer may be told on that day."""
        return self.filter(Q(secret_until=None) | Q(secret_until__lt=today))


class Hold(models.Model):
    """Some kinds of data of an account, of a person or of both stay until a day, whatever the operator promised.

    An order on an account alone holds its members too: those it had when the hold began (``members``) and those it has since.
    A floor of the law holds what it names, and no more: one row for the account, one for each of its people.
    The database lets a hold be lifted once, and be emptied of its texts once it is over. Nothing else about it ever changes.
    """

    class Origin(models.TextChoices):
        ORDER = "order", _("an order")
        FLOOR = "floor", _("the law itself")

    origin = models.CharField(_("by"), max_length=5, choices=Origin.choices)
    basis = models.CharField(
        _("legal basis"), max_length=300, blank=True, help_text=_("The law or the order, as customers may read it.")
    )
    reference = models.CharField(_("reference of the order"), max_length=120, blank=True)
    kinds = models.JSONField(_("what is kept"), help_text=_("Kinds of data, and nothing beyond them."))
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
    members = models.JSONField(default=list, blank=True, editable=False)
    # The kind of a floor, and its months; of an order empty.
    floor = models.CharField(max_length=10, blank=True, editable=False)
    months = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    begins_at = models.DateTimeField(_("begins"))
    until = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lifted by")
    )
    secret_until = models.DateField(
        _("secret until"),
        null=True,
        blank=True,
        help_text=_("Only where the law forbids to tell the customer: the last day on which they are not told."),
    )
    secret_basis = models.CharField(_("what forbids to tell"), max_length=300, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        constraints = [
            models.CheckConstraint(
                condition=Q(origin="order", floor="", months=None, approved_by__isnull=False)
                | (Q(origin="floor", months__isnull=False, approved_by=None, account__isnull=False) & ~Q(floor="")),
                name="hold_of_order_or_floor",
            ),
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(person__isnull=False), name="hold_is_on_somebody"),
            models.CheckConstraint(condition=Q(until__gt=F("begins_at")), name="hold_ends"),
            models.CheckConstraint(condition=Q(lifted_at=None) | Q(lifted_at__gte=F("begins_at")), name="hold_lifted_later"),
            models.CheckConstraint(condition=~Q(basis="") | Q(emptied_at__isnull=False), name="hold_has_its_basis"),
            models.CheckConstraint(
                condition=Q(secret_until=None, secret_basis="")
                | (Q(secret_until__isnull=False) & (~Q(secret_basis="") | Q(emptied_at__isnull=False))),
                name="hold_secret_has_its_basis",
            ),
            models.UniqueConstraint(
                fields=["account", "floor"],
                condition=Q(origin="floor", person=None, lifted_at=None),
                name="hold_floor_once_an_account",
            ),
            models.UniqueConstraint(
                fields=["account", "person", "floor"],
                condition=Q(origin="floor", person__isnull=False, lifted_at=None),
                name="hold_floor_once_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="hold_on_person"),
            models.Index(fields=["until"], condition=Q(emptied_at=None), name="hold_age"),
        ]

    def __str__(self) -> str:
        return self.reference or self.basis

    def names(self, kinds: Iterable[Kind]) -> bool:
        """Whether it keeps any of these kinds."""
        return not set(kinds).isdisjoint(self.kinds)

    def is_secret(self, today: date) -> bool:
        """Whether nobody outside may be told of it on this day of the operator's calendar, its basis neither."""
        return self.secret_until is not None and self.secret_until >= today

    def ended_at(self, now: datetime) -> datetime | None:
        """Since when it keeps nothing any more, or None while it does."""
        end = min(moment for moment in (self.until, self.lifted_at) if moment)
        return end if end <= now else None

    @property
    def kinds_said(self) -> list[str]:
        return [str(Kind(kind).label) for kind in self.kinds]
