"""A month of a test account as it would have been billed."""

from __future__ import annotations

from django.db import models

from bonafide.accounts.models import Account
from bonafide.periods import Month


class SimulatedBill(models.Model):
    """What a month (YYYYMM) of a test account came to: no number, no seal, nothing to pay.

    ``lines`` are dictionaries as in :class:`bonafide.billing.listing.LineShape` with ``unit``, ``taxes`` as in
    :class:`bonafide.billing.computed.ComputedTax`. ``problem`` says why there is nothing: then the amounts are nought and
    ``currency`` is empty. ``until`` is the instant to which the clock was set when it was made.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="simulated_bills", db_index=False)
    month = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    net_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    taxes = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month"], name="simulated_bill_once"),
            models.CheckConstraint(
                condition=models.Q(total_minor=models.F("net_minor") + models.F("tax_minor")), name="simulated_bill_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.month}"

    @property
    def of(self) -> Month:
        return Month.from_key(self.month)
