"""Contracts as they were concluded, and the notices by which people withdraw from them or cancel them."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import LANGUAGES, Account
from bonafide.pricing.models import Plan, Subscription


def _reference(start: str) -> str:
    return f"{start}-" + "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(10))


def new_contract_reference() -> str:
    """Short enough to be read out, too random to be guessed."""
    return _reference("K")


def new_notice_reference() -> str:
    """The same, of a notice."""
    return _reference("N")


class ContractQuerySet(models.QuerySet["Contract"]):
    def running(self, today: date) -> ContractQuerySet:
        """Those that have not ended by ``today``."""
        return self.filter(Q(last_on=None) | Q(last_on__gte=today))

    def withdrawable(self, today: date) -> ContractQuerySet:
        """Those from which somebody may still withdraw on that day."""
        return self.filter(withdraw_until__gte=today, withdrawn_at=None)


class Contract(models.Model):
    """What was ordered, as it was shown. Kept by the database (``triggers``): only its end is written into it.

    ``summary`` is the text that stood above the button, as JSON (see ``summary``), and ``digest`` its SHA-256. ``withdraw_until``
    is empty where no consumer ordered. ``price_minor`` is what a month costs at least, with VAT; ``net_minor`` without.
    ``last_on`` is the last day, once somebody ended it.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True, default=new_contract_reference)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("account"))
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("plan"))
    subscription = models.ForeignKey(
        Subscription, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("subscription")
    )
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ordered by"),
    )
    ordered_at = models.DateTimeField(_("ordered"))
    key = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    consumer = models.BooleanField(_("as a consumer"))
    begin_at_once = models.BooleanField(_("asked to begin at once"))
    terms_version = models.PositiveIntegerField(_("version of the terms"))
    starts_on = models.DateField(_("begins"))
    withdraw_until = models.DateField(_("withdrawal until"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    net_minor = models.BigIntegerField(_("a month, before VAT"))
    price_minor = models.BigIntegerField(_("a month, with VAT"))
    summary = models.TextField(_("what was shown"))
    digest = models.CharField(_("digest of what was shown"), max_length=64)
    withdrawn_at = models.DateTimeField(_("withdrawn from"), null=True, blank=True)
    last_on = models.DateField(_("last day"), null=True, blank=True)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        constraints = [
            models.CheckConstraint(
                condition=Q(consumer=False, withdraw_until=None) | Q(consumer=True, withdraw_until__isnull=False),
                name="contract_consumer_may_withdraw",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(last_on__isnull=False, consumer=True), name="contract_withdrawn_ends"
            ),
        ]
        indexes = [models.Index(fields=["last_on"], condition=Q(last_on__isnull=False), name="contract_age")]

    def __str__(self) -> str:
        return self.reference

    def may_withdraw(self, today: date) -> bool:
        """Whether the button is there on that day."""
        return self.withdraw_until is not None and today <= self.withdraw_until and self.withdrawn_at is None

    def has_ended(self, today: date) -> bool:
        return self.last_on is not None and self.last_on < today

    def end(self, *, last_on: date, subscription: Subscription | None, withdrawn_at: datetime | None = None) -> None:
        """Write its end into it: the one thing that changes."""
        self.last_on, self.subscription, self.withdrawn_at = last_on, subscription, withdrawn_at or self.withdrawn_at
        self.save(update_fields=["last_on", "subscription", "withdrawn_at"])


class NoticeQuerySet(models.QuerySet["Notice"]):
    def to_do(self) -> NoticeQuerySet:
        """Those with which staff have something left to do."""
        return self.filter(due_on__isnull=False, done_at=None)


class Notice(models.Model):
    """Somebody told that they withdraw or cancel: what they wrote, and what came of it.

    What they wrote never changes (``triggers``). ``account`` is empty while nobody knows which contract is meant; then, and when
    money goes back, ``due_on`` is the last day on which staff act. ``key`` makes a second press of the button harmless.
    """

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", _("withdrawal")
        CANCELLATION = "cancellation", _("cancellation")

    class Task(models.TextChoices):
        NONE = "", _("nothing")
        MATCH = "match", _("find the contract and carry the notice out")
        REFUND = "refund", _("pay back")
        END = "end", _("end the subscription by hand")

    reference = models.CharField(_("reference"), max_length=20, unique=True, default=new_notice_reference)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    received_at = models.DateTimeField(_("received"))
    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail address"))
    contract_said = models.CharField(_("contract, as written"), max_length=200)
    wanted_on = models.DateField(_("end wanted"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("sent by")
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="notices", verbose_name=_("account")
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="notices", verbose_name=_("contract")
    )
    last_on = models.DateField(_("last day of the contract"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    kept_minor = models.BigIntegerField(_("owed for what was used"), null=True, blank=True)
    refund_minor = models.BigIntegerField(_("to pay back"), null=True, blank=True)
    task = models.CharField(_("to do"), max_length=6, choices=Task.choices, blank=True)
    due_on = models.DateField(_("to be done until"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )
    done_how = models.CharField(_("what was done"), max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("withdrawals and cancellations")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["withdrawal", "cancellation"]), name="notice_kind_known"),
            models.CheckConstraint(condition=Q(task="") | Q(due_on__isnull=False), name="notice_task_dated"),
            models.CheckConstraint(condition=Q(contract=None) | Q(account__isnull=False), name="notice_contract_of_account"),
            models.UniqueConstraint(
                fields=["contract"], condition=Q(kind="withdrawal", contract__isnull=False), name="notice_withdrawn_once"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(due_on__isnull=False, done_at=None), name="notice_to_do"),
            models.Index(fields=["received_at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return self.reference

    def write(self, **values: Any) -> None:
        """What came of it, beside what was written."""
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))
