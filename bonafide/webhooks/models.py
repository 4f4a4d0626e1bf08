"""Events that go out, each written once in the transaction of what it tells, and how far each was brought to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from django.db import models
from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that the operator's service is told. ``key`` makes the same told twice one event."""

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(max_length=120, unique=True)
    # Whose it is, if it is about an account: it goes with it.
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    data = models.JSONField(_("what it says"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["at"], name="webhook_event_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def message_id(self) -> str:
        """What receivers know it by (``webhook-id``): the same over all tries, and when it is told anew after a backup."""
        return f"evt_{sha256(self.key.encode()).hexdigest()[:32]}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.WAITING)

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Those to try now, the oldest event first."""
        return self.waiting().filter(try_at__lte=now).order_by("event_id")


class Delivery(models.Model):
    """One event on its way to one endpoint. ``try_at`` is when it is tried next, or again when whoever tries it dies over it."""

    # After each failed try it waits so long: about what Standard Webhooks recommends, three days and a few hours in all.
    WAITS = (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
    )

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Taken")
        FAILED = "failed", _("Given up")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("event"), db_index=False)
    endpoint = models.CharField(_("endpoint"), max_length=30)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    try_at = models.DateTimeField(_("next try"))
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    answer = models.CharField(_("last answer"), max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("event for our service")
        verbose_name_plural = _("events for our service")
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "failed"]), name="webhook_delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "try_at"], condition=Q(state="waiting"), name="webhook_delivery_due"),
            models.Index(fields=["endpoint", "state"], name="webhook_delivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event.kind} \N{RIGHTWARDS ARROW} {self.endpoint}"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def with_health(self) -> EndpointQuerySet:
        """Each with how many events are ``waiting`` and ``failed``, and ``waits_since``, the moment of the oldest that waits."""

        def of(state: str, what: models.Aggregate) -> Subquery:
            mine = Delivery.objects.filter(endpoint=OuterRef("code"), state=state).order_by().values("endpoint")
            return Subquery(mine.annotate(found=what).values("found"))

        return self.annotate(
            waiting=Coalesce(of("waiting", Count("pk")), 0),
            failed=Coalesce(of("failed", Count("pk")), 0),
            waits_since=of("waiting", Min("event__at")),
        )


class Endpoint(models.Model):
    """How a program that the operator's file names fares. Where it is, and what it wants to know, is in the file.

    ``off_at``: it gets nothing until staff switch it on again; events wait meanwhile. ``rests_until``: nobody answered there a
    moment ago.
    """

    code = models.CharField(_("endpoint"), max_length=30, unique=True)
    taken_at = models.DateTimeField(_("last took an event"), null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    off_because = models.CharField(_("why"), max_length=200, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("endpoint of our service")
        verbose_name_plural = _("endpoints of our service")

    def __str__(self) -> str:
        return self.code


class Cursor(models.Model):
    """How far a table was read for events that are derived from its rows afterwards."""

    name = models.CharField(max_length=40, unique=True)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.position}"
