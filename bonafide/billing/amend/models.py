"""Rows beside issued bills: lines taken back, bills replaced, claims given up. Only added (``triggers``)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

# Means of the two settlements by which money goes over from a replaced bill to the one in its place.
CARRIED = "carried over"


class CreditedLine(models.Model):
    """How much of a line of a bill one credit note took back: in the line's own terms, with tax where its price has it.

    A credit note by amount alone has none.
    """

    # Its unique key below begins with the correction and serves as the index.
    correction = models.ForeignKey("billing.Correction", on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["correction", "position"], name="credited_line_once")]

    def __str__(self) -> str:
        return f"{self.amount_minor} of line {self.position}"


class Replacement(models.Model):
    """A corrected invoice (384) and the one bill in whose place it stands; on that one nothing is owed from then on.

    ``key`` is the identity of the request: the same one again makes nothing new.
    """

    document = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="replaces")
    original = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="replacement")
    reason = models.CharField(max_length=200)
    key = models.CharField(max_length=120, unique=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    made_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(document=F("original")), name="replacement_of_another"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(key=""), name="replacement_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} in place of {self.original_id}"


class Loss(models.Model):
    """A claim that is given up in the books, or (below zero) taken up again because money came; the customer owes it still."""

    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="losses")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    key = models.CharField(max_length=120, unique=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    made_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="loss_of_something"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(key=""), name="loss_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.invoice_id}"
