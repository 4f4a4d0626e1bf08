"""One row of the ledger: an amount that moves from one account to another. Never changed (``triggers``)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Step(models.TextChoices):
    """What was done; with the id of the row that did it, it is the identity of an entry."""

    ISSUE = "issue", "issue"
    SETTLEMENT = "settlement", "settlement"
    CREDIT = "credit", "credit note"
    FEE = "fee", "fee"
    PAYOUT = "payout", "payout"
    VOUCHER = "voucher", "voucher"
    REFUND = "refund", "refund"
    EXPIRY = "expiry", "expiry"
    LOSS = "loss", "loss"
    REVERSAL = "reversal", "reversal"


class Posting(models.Model):
    """``amount_minor`` of ``currency`` goes from the account ``credit`` to the account ``debit``.

    The rows of one ``entry`` of a ``year`` are what one step did. Each row balances by itself, so every entry does.
    ``home_minor`` is the amount in the currency of the books by the rate that the bill names, empty when it names none.
    ``posted_on`` is the day from which it is final (the ValidDate of a FEC). ``piece_on`` is the document's own day where the
    entry could not be dated by it, because the month was closed (``closings.entry_day``); empty where it is ``dated_on``.

    Foreign keys are without a constraint in the database: what they point to is never deleted (``billing.triggers``, accounts
    with bills), and ``bills verify`` looks.
    """

    year = models.PositiveSmallIntegerField()
    entry = models.PositiveIntegerField()
    line = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=12, choices=Step.choices)
    source = models.BigIntegerField()
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    piece = models.CharField(max_length=120)
    dated_on = models.DateField()
    posted_on = models.DateField()
    debit = models.CharField(max_length=30)
    credit = models.CharField(max_length=30)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    home_minor = models.BigIntegerField(null=True)
    piece_on = models.DateField(null=True)
    # Each covers its row and the seal of the row before it in the year; see seal.py.
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["step", "source", "line"], name="posting_once"),
            models.UniqueConstraint(fields=["year", "entry", "line"], name="posting_in_order"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="posting_moves_something"),
            models.CheckConstraint(condition=Q(home_minor=None) | Q(home_minor__gte=0), name="posting_home_not_below_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_between_two_accounts"),
            models.CheckConstraint(condition=Q(entry__gte=1, line__gte=1), name="posting_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.year} entry {self.entry}, line {self.line}"
