"""Grants and what was taken from them, voucher codes, and one-off charges. Rows are only ever added (``triggers``)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account, User


class GrantKind(models.TextChoices):
    """``voucher`` and ``credit`` take off before tax; ``prepaid`` pays what is left after it."""

    VOUCHER = "voucher", _("voucher")
    CREDIT = "credit", _("credit")
    PREPAID = "prepaid", _("paid in advance")


class VoucherCode(models.Model):
    """A code that customers redeem for a voucher, once an account. Only ``stopped_at`` changes, once.

    ``redeem_until`` is the last day; what it gives holds to the end of the month ``lasts_months`` after that of redeeming.
    """

    code = models.CharField(_("code"), max_length=30, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount for each account, in minor units"))
    redemptions = models.PositiveIntegerField(_("how many accounts may redeem it"))
    redeem_until = models.DateField(_("last day to redeem it"))
    lasts_months = models.PositiveSmallIntegerField(_("months it then holds"), null=True, blank=True)
    # The code of the plan that an account must be on; empty for any.
    plan = models.CharField(_("only on this plan"), max_length=60, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = _("voucher code")
        verbose_name_plural = _("voucher codes")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0, redemptions__gt=0), name="voucher_code_gives"),
            models.CheckConstraint(condition=~Q(code=""), name="voucher_code_named"),
        ]

    def __str__(self) -> str:
        return self.code


class Grant(models.Model):
    """An account gets an amount, from the beginning of ``starts_on`` to the end of ``expires_on`` on the operator's calendar.

    ``key`` is the identity of the request. ``reason`` is what the customer reads. Money paid in advance names its payment by
    ``means`` and ``reference``, or the credit note ``document`` by which it came back.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="grants", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=GrantKind.choices)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    # What money in advance was worth in the currency of the books when it came, if that is another.
    home_minor = models.BigIntegerField(null=True, blank=True)
    starts_on = models.DateField(_("holds from"))
    expires_on = models.DateField(_("last day"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    key = models.CharField(max_length=120, unique=True)
    code = models.ForeignKey(VoucherCode, on_delete=models.PROTECT, null=True, related_name="grants", verbose_name=_("code"))
    document = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, null=True, related_name="+")
    means = models.CharField(_("means of payment"), max_length=40, blank=True)
    reference = models.CharField(_("reference of the payment"), max_length=120, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants: vouchers, credits, money in advance")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["voucher", "credit", "prepaid"]), name="grant_kind_known"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="grant_gives"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(key=""), name="grant_says_why"),
            models.CheckConstraint(condition=Q(expires_on=None) | Q(expires_on__gte=F("starts_on")), name="grant_holds_a_day"),
            models.CheckConstraint(
                condition=(Q(kind="prepaid") & (Q(document__isnull=False) | ~Q(means="") & ~Q(reference="")))
                | (~Q(kind="prepaid") & Q(means="", reference="", document=None)),
                name="grant_prepaid_names_its_money",
            ),
            models.UniqueConstraint(fields=["code", "account"], condition=Q(code__isnull=False), name="grant_code_once"),
            models.UniqueConstraint(fields=["means", "reference"], condition=~Q(means=""), name="grant_payment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Taken(models.Model):
    """A part of a grant that is gone: used by a bill, expired, or withdrawn (money in advance: paid back)."""

    class Kind(models.TextChoices):
        USE = "use", _("used by a bill")
        EXPIRY = "expiry", _("expired")
        WITHDRAWAL = "withdrawal", _("withdrawn")

    # The unique key below begins with the grant and serves as the index.
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="taken", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, null=True, related_name="taken")
    taken_on = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    key = models.CharField(max_length=120)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("part taken from a grant")
        verbose_name_plural = _("parts taken from grants")
        constraints = [
            models.UniqueConstraint(fields=["grant", "key"], name="taken_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="taken_something"),
            models.CheckConstraint(
                condition=Q(kind="use", invoice__isnull=False) | Q(kind__in=["expiry", "withdrawal"], invoice=None),
                name="taken_by_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class OneOff(models.Model):
    """``quantity`` times ``unit_price`` (decimal text) is charged on the bill of the month of ``charged_on`` or the next.

    Like the prices of the account's plan it is before VAT, or with it where those include it. Only ``withdrawn_at`` changes,
    once, until it is billed.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="one_offs", verbose_name=_("account"))
    currency = models.CharField(_("currency"), max_length=3)
    quantity = models.CharField(_("quantity"), max_length=40)
    unit_price = models.CharField(_("price of one"), max_length=40)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    text_en = models.CharField(_("text in English"), max_length=200)
    text_fr = models.CharField(_("text in French"), max_length=200)
    sort = models.CharField(_("sort for VAT"), max_length=30, default="standard")
    charged_on = models.DateField(_("day"))
    key = models.CharField(max_length=120, unique=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("one-off charge")
        verbose_name_plural = _("one-off charges")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="one_off_above_zero"),
            models.CheckConstraint(condition=~Q(text_en="") & ~Q(text_fr="") & ~Q(key=""), name="one_off_says_what"),
        ]
        indexes = [models.Index(fields=["account", "charged_on"], name="one_off_of_account")]

    def __str__(self) -> str:
        return self.text_en

    def text(self, language: str) -> str:
        return self.text_fr if language == "fr" else self.text_en


class OneOffBilled(models.Model):
    """The line of a bill that a one-off charge became: exactly one."""

    one_off = models.OneToOneField(OneOff, on_delete=models.PROTECT, related_name="billed")
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="one_offs", db_index=False)
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="one_off_billed_position")]

    def __str__(self) -> str:
        return f"{self.invoice_id} line {self.position}"
