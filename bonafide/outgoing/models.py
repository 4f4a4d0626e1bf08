"""What was passed on. Rows are added and, once they are old, deleted; the database refuses to change one (``triggers``)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PassedOn(models.Model):
    """Somebody was given data of a person or an account. It says which, never what it was."""

    # As the operator's file calls them: they may be gone from it when this is read.
    recipient = models.CharField(max_length=60)
    name = models.CharField(_("to whom"), max_length=120)
    at = models.DateTimeField(_("when"))
    # The row outlives both, and then names ones that are gone. Of somebody who has no login, neither is known.
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    fields = models.JSONField(_("which data"))  # codes of ``words.Field``
    clause = models.CharField(max_length=10)  # of the terms, that says so
    occasion = models.CharField(max_length=40)  # a code of ``words``, or the purpose of a letter

    class Meta:
        verbose_name = _("passed on")
        verbose_name_plural = _("passed on")
        constraints = [models.CheckConstraint(condition=~Q(recipient="") & ~Q(name=""), name="passed_on_to_somebody")]
        indexes = [
            models.Index(fields=["at"], name="passed_on_at"),
            models.Index(fields=["account", "-at"], condition=Q(account__isnull=False), name="passed_on_of_account"),
            models.Index(fields=["person", "-at"], condition=Q(person__isnull=False), name="passed_on_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"
