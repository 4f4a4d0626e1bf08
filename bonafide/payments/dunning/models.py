"""Accounts that have not paid, the steps that followed, and what staff said of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice


class DunningCase(models.Model):
    """An account has not paid: from the day that its bills are followed up until they are paid, or it is closed.

    There is one open case of an account at most. It is about the bills that its letters named.
    """

    class Outcome(models.TextChoices):
        PAID = "paid", _("paid")
        CLOSED = "closed", _("account closed")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="dunning_cases", verbose_name=_("account"))
    opened_at = models.DateTimeField(_("opened"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=6, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = _("unpaid bills of an account")
        verbose_name_plural = _("unpaid bills of accounts")
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="dunning_case_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="") | Q(ended_at__isnull=False, outcome__in=["paid", "closed"]),
                name="dunning_case_ended_how",
            ),
        ]
        indexes = [models.Index(fields=["opened_at"], name="dunning_case_age")]

    def __str__(self) -> str:
        return f"{self.account_id} since {self.opened_at:%Y-%m-%d}"


class DunningStep(models.Model):
    """A step of a case. ``key`` makes each step of a case happen once; ``done_at`` is empty while it is only planned.

    A suspension or a closing is planned first: it is not carried out before ``planned_on``, nor within a day of ``planned_at``.
    A planned step that was not needed is taken up again by the same row, planned anew. ``next_kind`` and ``next_on`` are what
    its letter said would follow, and when.
    """

    class Kind(models.TextChoices):
        NOTICE = "notice", _("notice")
        SECOND = "second_notice", _("second notice")
        FORMAL = "formal_notice", _("formal notice")
        SUSPENSION = "suspension", _("suspension")
        LAST = "last_notice", _("last notice before closing")
        CLOSING = "closing", _("closing")
        REINSTATEMENT = "reinstatement", _("reinstatement")

    case = models.ForeignKey(DunningCase, on_delete=models.PROTECT, related_name="steps", verbose_name=_("case"))
    kind = models.CharField(_("step"), max_length=13, choices=Kind.choices)
    key = models.CharField(max_length=60, unique=True)
    planned_on = models.DateField(_("planned for"))
    planned_at = models.DateTimeField(_("planned"))
    done_on = models.DateField(_("done on"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    called_off_at = models.DateTimeField(_("called off"), null=True, blank=True)
    next_kind = models.CharField(_("announced"), max_length=13, choices=Kind.choices, blank=True)
    next_on = models.DateField(_("announced for"), null=True, blank=True)

    class Meta:
        verbose_name = _("step after an unpaid bill")
        verbose_name_plural = _("steps after unpaid bills")
        constraints = [
            models.UniqueConstraint(fields=["case", "kind"], name="dunning_step_once"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_on=None) | Q(done_at__isnull=False, done_on__isnull=False, called_off_at=None),
                name="dunning_step_done_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class DunningBill(models.Model):
    """A bill that a step was about: what was open of it then, and what the law added by then. Only added."""

    step = models.ForeignKey(DunningStep, on_delete=models.PROTECT, related_name="bills", verbose_name=_("step"))
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="dunned", verbose_name=_("bill"))
    open_minor = models.BigIntegerField(_("open in minor units"))
    interest_minor = models.BigIntegerField(_("interest in minor units"), default=0)
    fee_minor = models.BigIntegerField(_("fixed fee in minor units"), default=0)

    class Meta:
        verbose_name = _("bill of a step")
        verbose_name_plural = _("bills of steps")
        constraints = [
            models.UniqueConstraint(fields=["step", "invoice"], name="dunning_bill_once"),
            models.CheckConstraint(condition=Q(open_minor__gt=0), name="dunning_bill_open"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} of {self.step_id}"


class Suspension(models.Model):
    """The service of an account stands still, from ``since`` to ``until``."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="suspensions", verbose_name=_("account"))
    case = models.ForeignKey(DunningCase, on_delete=models.PROTECT, related_name="suspensions", verbose_name=_("case"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(until=None), name="suspension_one"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="suspension_ends_after"),
        ]
        indexes = [models.Index(fields=["since"], name="suspension_age")]

    def __str__(self) -> str:
        return f"{self.account_id} since {self.since:%Y-%m-%d}"


class PauseEntry(models.Model):
    """Somebody of the staff said that nothing happens to an account for a while, or that it goes on. Only added.

    The last entry of an account holds. ``until_on`` is the last day of a pause, empty for until somebody says otherwise.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="dunning_pauses", verbose_name=_("account"))
    pauses = models.BooleanField(_("pauses"))
    reason = models.CharField(_("reason"), max_length=300)
    until_on = models.DateField(_("last day"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("said by")
    )
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("pause of what follows an unpaid bill")
        verbose_name_plural = _("pauses of what follows unpaid bills")
        constraints = [
            models.CheckConstraint(condition=Q(until_on=None) | Q(pauses=True), name="dunning_pause_until"),
        ]
        indexes = [models.Index(fields=["account", "-at"], name="dunning_pause_of_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {'pause' if self.pauses else 'on'} {self.at:%Y-%m-%d}"
