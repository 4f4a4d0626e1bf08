"""Money that came and money that went back, each movement once, whichever bills it was for. Rows are only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account


class Receipt(models.Model):
    """Money that came. ``means`` and ``reference`` are its identity: the provider's or the bank's own id of it.

    The bills that it paid have settlements of these means whose references begin with its own (``take_in.part``);
    ``kept_minor`` of it was more than was open, and is kept for ``account`` as money in advance.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="receipts", verbose_name=_("account"))
    means = models.CharField(_("means of payment"), max_length=40)
    reference = models.CharField(_("reference of the payment"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    kept_minor = models.BigIntegerField(_("kept as money in advance"), default=0)
    received_on = models.DateField(_("received"))
    taken_at = models.DateTimeField(_("booked"))

    class Meta:
        verbose_name = _("payment received")
        verbose_name_plural = _("payments received")
        constraints = [
            models.UniqueConstraint(fields=["means", "reference"], name="receipt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0, kept_minor__gte=0), name="receipt_of_something"),
            models.CheckConstraint(condition=Q(kept_minor=0) | Q(account__isnull=False), name="receipt_kept_for_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.means} {self.reference}"


class Returned(models.Model):
    """Money of a receipt that went back: refunded, disputed, taken back by the bank. ``reference`` is that movement's own."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="returned", verbose_name=_("payment"))
    reference = models.CharField(_("reference"), max_length=100)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    returned_on = models.DateField(_("returned"))
    taken_at = models.DateTimeField(_("booked"))

    class Meta:
        verbose_name = _("payment returned")
        verbose_name_plural = _("payments returned")
        constraints = [
            models.UniqueConstraint(fields=["receipt", "reference"], name="returned_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="returned_something"),
        ]

    def __str__(self) -> str:
        return self.reference
