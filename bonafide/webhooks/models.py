"""Events that go out, each written once in the transaction of what it tells."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that the operator's service is told. ``key`` makes the same told twice one event."""

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(max_length=120, unique=True)
    # Whose it is: the id of an account, if it is about one.
    account_id = models.BigIntegerField(null=True, blank=True)
    data = models.JSONField(_("what it says"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["at"], name="webhook_event_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
