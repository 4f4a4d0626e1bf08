"""Meters, plans, dated prices, dated exchange rates, and the months whose books are closed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.periods import Month


class Meter(models.Model):
    """One thing that is counted. Quantities are integers of ``10**-scale`` units, so that sums are exact on every engine."""

    class Aggregation(models.TextChoices):
        SUM = "sum", _("sum of the quantities")
        COUNT = "count", _("number of events")
        MAX = "max", _("largest quantity")
        UNIQUE = "unique", _("number of different values of a dimension")
        LATEST = "latest", _("last quantity of the month")
        HOURS = "hours", _("hours a resource existed, times its quantity")

    code = models.CharField(_("code"), max_length=60, unique=True)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_fr = models.CharField(_("name in French"), max_length=120)
    unit = models.CharField(_("unit"), max_length=30)
    aggregation = models.CharField(_("aggregation"), max_length=6, choices=Aggregation.choices)
    scale = models.PositiveSmallIntegerField(_("decimals"))
    # The dimension whose values are shown apart (a resource, a service); empty to show one figure.
    group_by = models.CharField(_("shown apart by"), max_length=60, blank=True)
    # The dimension that "unique" counts and whose states "hours" follows.
    subject = models.CharField(_("subject"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        constraints = [
            models.CheckConstraint(condition=models.Q(scale__lte=12), name="meter_scale_at_most_12"),
            models.CheckConstraint(
                condition=~models.Q(aggregation__in=["unique", "hours"]) | ~models.Q(subject=""), name="meter_subject_named"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


class Plan(models.Model):
    """A named set of prices in one currency. The default plan serves accounts that have no subscription.

    ``offer`` says by language what customers get who order it; a plan without it is not offered for ordering.

    ``proration`` says what a part of a month on the plan owes (see :mod:`bonafide.pricing.stays`). ``prorated_from`` is the
    first day of the first month for which it says so, where months before were billed whole; none: it always did.
    """

    class Proration(models.TextChoices):
        NONE = "none", _("whole months")
        DAY = "day", _("by the day")
        SECOND = "second", _("by the second")

    code = models.CharField(_("code"), max_length=60, unique=True)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_fr = models.CharField(_("name in French"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3)
    is_default = models.BooleanField(_("default plan"), default=False)
    # Whether its prices include the tax, whichever that is; else it comes on top.
    gross = models.BooleanField(_("prices include VAT"), default=False)
    offer = models.JSONField(_("what is offered"), null=True, blank=True)
    proration = models.CharField(_("part of a month"), max_length=6, choices=Proration.choices, default=Proration.NONE)
    prorated_from = models.DateField(_("so from"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.CheckConstraint(condition=models.Q(proration__in=["none", "day", "second"]), name="plan_proration_known"),
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True), name="plan_one_default"),
        ]

    def __str__(self) -> str:
        return self.code

    def proration_in(self, month: Month) -> str:
        """What holds for a month: :class:`Proration`, and none before it began to hold."""
        begun = self.prorated_from is None or self.prorated_from <= month.first_day
        return self.proration if begun else self.Proration.NONE

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


class Price(models.Model):
    """One item of a plan from a day on, until a later row of the same code. Never changed once a month was closed on it.

    ``terms`` is the JSON of :class:`bonafide.pricing.rating.Terms`.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices", verbose_name=_("plan"))
    code = models.CharField(_("code"), max_length=60)
    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, null=True, blank=True, related_name="prices", verbose_name=_("meter")
    )
    valid_from = models.DateField(_("valid from"))
    name_en = models.CharField(_("name in English"), max_length=120)
    name_fr = models.CharField(_("name in French"), max_length=120)
    terms = models.TextField(_("terms"))
    # Which rates of tax it bears: standard, or a sort that the operator's file has rates for.
    sort = models.CharField(_("sort for VAT"), max_length=30, default="standard")
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [models.UniqueConstraint(fields=["plan", "code", "valid_from"], name="price_once_per_date")]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.code} from {self.valid_from}"


class Subscription(models.Model):
    """Which plan an account is on from one day to another (half-open; no end means still).

    On a plan that is prorated by the second it may begin and end at an instant of these days: ``starts_on`` and ``ends_on`` are
    then the days on which the instants lie, on the operator's calendar. Without an instant it is midnight.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("account"))
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("plan"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    starts_at = models.DateTimeField(_("from the instant"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until the instant"), null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(fields=["account", "starts_on"], name="subscription_one_start"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="subscription_forward",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_on__isnull=False), name="subscription_end_has_its_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.plan_id} from {self.starts_on}"


class ExchangeRate(models.Model):
    """How many ``quote`` one ``base`` was worth on a day, as staff entered it; ``rate`` is decimal text, exact."""

    base = models.CharField(_("from currency"), max_length=3)
    quote = models.CharField(_("to currency"), max_length=3)
    dated_on = models.DateField(_("date"))
    rate = models.CharField(_("rate"), max_length=24)
    source = models.CharField(_("source"), max_length=120)
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [models.UniqueConstraint(fields=["base", "quote", "dated_on"], name="exchange_rate_once_a_day")]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate} {self.quote} on {self.dated_on}"

    @property
    def value(self) -> Decimal:
        return Decimal(self.rate)

    def replace(self, *, rate: str, source: str, entered_at: datetime) -> None:
        """Correct what was entered for the day, while its month is open."""
        self.rate, self.source, self.entered_at = rate, source, entered_at
        self.save(update_fields=["rate", "source", "entered_at"])


class ClosedMonth(models.Model):
    """A month whose bills are being or have been made: its prices stand, and usage that still arrives for it is late."""

    month = models.PositiveIntegerField(_("month"), unique=True)
    closed_at = models.DateTimeField(_("closed at"))

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")

    def __str__(self) -> str:
        return str(self.month)
