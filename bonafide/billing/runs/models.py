"""What a month's bills were rehearsed to, who signed that off, how their issuing goes, and whom they were announced to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RehearsalQuerySet(models.QuerySet["Rehearsal"]):
    def of_month(self, month_key: int) -> RehearsalQuerySet:
        """Rehearsals of a month given as YYYYMM, the newest first."""
        return self.filter(month=month_key).order_by("-pk")

    def at_work(self) -> RehearsalQuerySet:
        return self.filter(ended_at=None)


class Rehearsal(models.Model):
    """One rehearsal of a month (YYYYMM). The newest one counts; the rows of those before it are deleted.

    ``events`` is how many events of usage were on the month's bills when it began. ``attempt`` counts the workers that took it
    up: only the last one may write. ``fault`` says why it ended without a result. ``sums``: what its rows come to (``sums.py``).
    ``emptied_at``: its rows are gone, so nothing can be issued by it any more.
    """

    month = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    attempt = models.PositiveIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    sums = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=500, blank=True)
    emptied_at = models.DateTimeField(null=True)

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month"], condition=Q(ended_at=None), name="rehearsal_one_at_a_time"),
            models.CheckConstraint(condition=Q(ended_at__isnull=False) | Q(fault=""), name="rehearsal_fault_ends_it"),
        ]
        indexes = [models.Index(fields=["month", "id"], name="rehearsal_by_month")]

    def __str__(self) -> str:
        return f"{self.month}, rehearsal {self.pk}"

    @property
    def is_whole(self) -> bool:
        """Whether it ended with a result whose rows are there."""
        return bool(self.ended_at and not self.fault and not self.emptied_at)


class Outcome(models.TextChoices):
    """What an account comes to in a rehearsal."""

    BILL = "bill", _("bill")
    SKIPPED = "skipped", _("nothing to bill")
    STOPPED = "stopped", _("stopped")
    MISSING = "missing", _("no bill any more")


class Odd(models.TextChoices):
    """Why somebody should look at a bill before it goes out."""

    NEGATIVE = "negative", _("below zero")
    DOUBLED = "doubled", _("at least doubled")
    HALVED = "halved", _("at least halved")
    MISSING = "missing", _("billed last month, not this month")
    FIRST = "first", _("first bill")


class RehearsedBill(models.Model):
    """What one account comes to in a rehearsal: a bill in minor units of ``currency``, or why there is none.

    ``digest`` is of its figures (``digest.py``). ``before_minor`` is the total of last month's bill. ``sold_before_minor`` is
    what had been sold to consumers elsewhere in the Union before it, where it decides the tax. ``mend``: where a stop is mended.
    ``rank`` is the order in which staff want to see the rows: stops, then what is odd, then the rest.
    """

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="rows", db_index=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    odd = models.CharField(max_length=8, choices=Odd.choices, blank=True)
    rank = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    net_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    before_minor = models.BigIntegerField(null=True)
    treatment = models.CharField(max_length=60, blank=True)
    sold_before_minor = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    mend = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rehearsal", "account"], name="rehearsed_once"),
            models.CheckConstraint(
                condition=Q(total_minor=models.F("net_minor") + models.F("tax_minor")), name="rehearsed_adds_up"
            ),
            models.CheckConstraint(condition=~Q(outcome="bill") | (~Q(digest="") & ~Q(currency="")), name="rehearsed_bill_whole"),
            models.CheckConstraint(condition=~Q(outcome="stopped") | ~Q(reason=""), name="rehearsed_stop_says_why"),
        ]
        indexes = [models.Index(fields=["rehearsal", "rank", "id"], name="rehearsed_in_order")]

    def __str__(self) -> str:
        return str(self.account)

    @property
    def change_minor(self) -> int | None:
        return None if self.before_minor is None else self.total_minor - self.before_minor


class SignOff(models.Model):
    """Somebody of the staff answers for a rehearsal: its bills may go out, as they are. Only added (``triggers``).

    ``said_by`` is who it was, in words; they may have no login any more.
    """

    rehearsal = models.OneToOneField(Rehearsal, on_delete=models.PROTECT, related_name="sign_off")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    said_by = models.CharField(max_length=150)
    signed_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.rehearsal}, signed off by {self.said_by}"


class Issuing(models.Model):
    """One time that a month's bills (YYYYMM) were asked to be issued in the background, and how it went.

    ``rehearsal`` is the one that was signed off, when there was one. ``left_out`` counts accounts that could be billed but were
    not in it. ``fault`` is why it stopped.
    """

    month = models.PositiveIntegerField()
    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    attempt = models.PositiveIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    issued = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month"], condition=Q(ended_at=None), name="issuing_one_at_a_time")]
        indexes = [models.Index(fields=["month", "id"], name="issuing_by_month")]

    def __str__(self) -> str:
        return f"{self.month}, asked {self.asked_at:%Y-%m-%d %H:%M}"


class BillLetter(models.Model):
    """A bill was announced: whoever adds the row writes the letters, so each bill is announced once. ``letters``: to how many."""

    invoice: Any = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="bill_letter", primary_key=True)
    at = models.DateTimeField()
    letters = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.letters}"
