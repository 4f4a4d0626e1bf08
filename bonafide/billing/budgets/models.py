"""Amounts that customers want to hear of, and the months that reached them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bonafide.accounts.models import Account


class Budget(models.Model):
    """An amount before VAT that a customer wants to hear of when a month reaches it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="budgets", db_index=False)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "currency", "amount_minor"], name="budget_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="budget_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class BudgetReached(models.Model):
    """A month (YYYYMM) that reached a budget, and what it came to then; whoever adds the row writes the letters."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="reached", db_index=False)
    month = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "month"], name="budget_reached_once_a_month")]

    def __str__(self) -> str:
        return f"{self.budget_id} in {self.month}"
