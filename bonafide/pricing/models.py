"""Meters, plans, dated prices, dated exchange rates, and the months whose books are closed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models

from bonafide.accounts.models import Account


class Meter(models.Model):
    """One thing that is counted. Quantities are integers of ``10**-scale`` units, so that sums are exact on every engine."""

    class Aggregation(models.TextChoices):
        SUM = "sum", "sum of the quantities"
        COUNT = "count", "number of events"
        MAX = "max", "largest quantity"
        UNIQUE = "unique", "number of different values of a dimension"
        LATEST = "latest", "last quantity of the month"
        HOURS = "hours", "hours a resource existed, times its quantity"

    code = models.CharField(max_length=60, unique=True)
    name_en = models.CharField(max_length=120)
    name_fr = models.CharField(max_length=120)
    unit = models.CharField(max_length=30)
    aggregation = models.CharField(max_length=6, choices=Aggregation.choices)
    scale = models.PositiveSmallIntegerField()
    # The dimension whose values are shown apart (a resource, a service); empty to show one figure.
    group_by = models.CharField(max_length=60, blank=True)
    # The dimension that "unique" counts and whose states "hours" follows.
    subject = models.CharField(max_length=60, blank=True)

    class Meta:
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
    """A named set of prices in one currency. The default plan serves accounts that have no subscription."""

    code = models.CharField(max_length=60, unique=True)
    name_en = models.CharField(max_length=120)
    name_fr = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True), name="plan_one_default"),
        ]

    def __str__(self) -> str:
        return self.code

    def name(self, language: str) -> str:
        return self.name_fr if language == "fr" else self.name_en


class Price(models.Model):
    """One item of a plan from a month on, until a later row of the same code. Never changed once a month was closed on it.

    ``terms`` is the JSON of :class:`bonafide.pricing.rating.Terms`.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    code = models.CharField(max_length=60)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, blank=True, related_name="prices")
    valid_from = models.DateField()
    name_en = models.CharField(max_length=120)
    name_fr = models.CharField(max_length=120)
    terms = models.TextField()
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "code", "valid_from"], name="price_once_per_date")]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.code} from {self.valid_from}"


class Subscription(models.Model):
    """Which plan an account is on from one day to another (half-open; no end means still)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "starts_on"], name="subscription_one_start"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="subscription_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.plan_id} from {self.starts_on}"


class ExchangeRate(models.Model):
    """How many ``quote`` one ``base`` was worth on a day, as staff entered it; ``rate`` is decimal text, exact."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    dated_on = models.DateField()
    rate = models.CharField(max_length=24)
    source = models.CharField(max_length=120)
    entered_at = models.DateTimeField()

    class Meta:
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

    month = models.PositiveIntegerField(unique=True)
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.month)
