"""Usage events, their running totals, and the batches they came in. Written by plain SQL in ``ingest``; integers throughout."""

from __future__ import annotations

from django.db import models

from bonafide.accounts.models import Account
from bonafide.pricing.models import Meter


class Source(models.Model):
    """A sender's name for itself; with the event's id it is the event's identity."""

    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """One import or one API call: how many events it brought and what became of them."""

    received_at = models.DateTimeField()
    origin = models.CharField(max_length=200)
    accepted = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["received_at"], condition=~models.Q(origin=""), name="batch_age")]

    def __str__(self) -> str:
        return f"{self.origin} at {self.received_at:%Y-%m-%d %H:%M}"


class Event(models.Model):
    """One accepted event. The unique key (source, event_id) is the deduplication.

    ``occurred_us`` is microseconds since 1970 UTC; ``day`` is YYYYMMDD on the calendar that the reader declares;
    ``bill_month`` is YYYYMM of the bill it goes on (later than ``day`` for late usage); ``quantity`` is in the meter's scale.
    Account and meter carry no foreign key here: every row's pair stands in :class:`Total`, written in the same transaction,
    which has both. There is no index by account or age either: it would cost as much as the rows themselves (see the
    inventory). On PostgreSQL a BRIN index, which costs next to nothing, serves the sweep.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    event_id = models.CharField(max_length=200)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    occurred_us = models.BigIntegerField()
    day = models.PositiveIntegerField()
    bill_month = models.PositiveIntegerField()
    group_key = models.CharField(max_length=200, blank=True)
    # The value of the meter's subject: what "unique" counts, the resource whose states "hours" follows; else empty.
    subject = models.CharField(max_length=200, blank=True)
    quantity = models.BigIntegerField()
    dimensions = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="event_once")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.event_id}"


# Beyond a 64-bit integer SQLite goes on in floating point without a word; this bound makes it refuse, like PostgreSQL.
LARGEST_TOTAL = 4 * 10**18


class Total(models.Model):
    """The running figure of one account, meter, day and group on one bill: a sum, a count, a maximum or the latest.

    Meters of kind "unique" and "hours" keep 0 here and count their events; see :class:`Seen` and :class:`State`.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, db_index=False)
    bill_month = models.PositiveIntegerField()
    day = models.PositiveIntegerField()
    group_key = models.CharField(max_length=200, blank=True)
    quantity = models.BigIntegerField()
    events = models.BigIntegerField()
    latest_us = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill_month", "account", "meter", "day", "group_key"], name="total_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=-LARGEST_TOTAL, quantity__lte=LARGEST_TOTAL), name="total_within_64_bits"
            ),
        ]
        indexes = [models.Index(fields=["account", "day"], name="total_of_account_by_day")]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.meter_id}/{self.day}"


class Seen(models.Model):
    """One value that a "unique" meter has counted in a month.

    ``day`` (YYYYMMDD) is the earliest day on which the first bill that had the value saw it, whatever the order in which its
    events came; none in rows from before days were noted, which count on the first of their month.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, db_index=False)
    month = models.PositiveIntegerField()
    bill_month = models.PositiveIntegerField()
    group_key = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200)
    day = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "account", "meter", "group_key", "value"], name="seen_once"),
        ]

    def __str__(self) -> str:
        return self.value


class State(models.Model):
    """One change of a resource that an "hours" meter follows: from ``occurred_us`` on there are ``quantity`` of it (0: gone)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, db_index=False)
    subject = models.CharField(max_length=200)
    occurred_us = models.BigIntegerField()
    group_key = models.CharField(max_length=200, blank=True)
    quantity = models.BigIntegerField()
    day = models.PositiveIntegerField()
    bill_month = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "meter", "subject", "occurred_us"], name="state_of_resource")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.quantity}"
