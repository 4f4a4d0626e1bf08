"""What banks told, each movement once, and what was decided about it, once. Rows are only ever added.

Of what the operator pays nothing is kept but how many movements there were.
"""

from __future__ import annotations

import json

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.payments.models import Receipt, Returned
from bonafide.payments.transfers.statement import BankLine

_TOLD = {"name": 140, "name_iban": 34, "reference": 35, "end_to_end": 35, "text": 2000}


class Format(models.TextChoices):
    CAMT053 = "camt053", "camt.053"
    MT940 = "mt940", "MT940"


class BankStatement(models.Model):
    """A statement that was imported. ``digest`` is the SHA-256 of its file, in which it is the ``position``-th, from 1.

    ``came`` and ``went`` count its movements; of those that came, or were returned, ``noted`` were new and the others known.
    """

    iban = models.CharField(max_length=34)
    number = models.CharField(_("number"), max_length=70, blank=True)
    currency = models.CharField(max_length=3)
    format = models.CharField(max_length=10, choices=Format)
    file = models.CharField(_("file"), max_length=120)
    digest = models.CharField(max_length=64)
    position = models.PositiveIntegerField()
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    came = models.PositiveIntegerField()
    went = models.PositiveIntegerField()
    noted = models.PositiveIntegerField()
    imported_at = models.DateTimeField(_("imported"))
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints = [models.UniqueConstraint(fields=["digest", "position"], name="bank_statement_once")]
        indexes = [models.Index(fields=["iban", "last_on"], name="bank_statement_by_day")]

    def __str__(self) -> str:
        return f"{self.file} {self.number}".strip()


class Doubt(models.TextChoices):
    """Why a movement may be one that is known already, so that nothing books it by itself."""

    ALIKE = "alike", _("the same amount came on the same day, told by another statement: it may be the same payment")
    REFERENCE_USED = "reference_used", _("the bank gave its reference to another movement before: the file may be wrong")
    OTHER_FORMAT = (
        "other_format",
        _("a file in another format told of this day before: it may be part of a payment known from it"),
    )


class Movement(models.Model):
    """Money that came, or that came and was taken back (below zero), as a bank told it.

    Its identity is the bank's own reference where it gives one, else ``content`` (``BankLine.content``, lines alike told apart
    by ``count``). ``balance_minor`` is what was on the account right after it, where the statement says so: by it the same
    movement is known in a file of another format. What may be another telling of ``alike`` has a ``doubt``. ``told`` is what the
    payer wrote and who they are (:func:`told_of`), as JSON; empty once the law no longer asks to keep it.
    """

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="movements")
    iban = models.CharField(max_length=34)
    bank_reference = models.CharField(_("reference of the bank"), max_length=80, blank=True)
    content = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=1)
    identity = models.CharField(max_length=64, unique=True)
    booked_on = models.DateField(_("booked"))
    value_on = models.DateField()
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(null=True)
    told = models.TextField(blank=True)
    returned = models.BooleanField(default=False)
    doubt = models.CharField(max_length=20, choices=Doubt, blank=True)
    alike = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("movement on the bank account")
        verbose_name_plural = _("movements on the bank account")
        constraints = [
            models.UniqueConstraint(
                fields=["iban", "bank_reference"], condition=~Q(bank_reference=""), name="movement_once_by_reference"
            ),
            models.UniqueConstraint(
                fields=["iban", "content", "count"], condition=Q(bank_reference=""), name="movement_once_by_content"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0) | Q(amount_minor__lt=0, returned=True), name="movement_kept"),
        ]
        indexes = [models.Index(fields=["iban", "value_on"], name="movement_by_day")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.bank_reference}".strip()

    def as_line(self) -> BankLine:
        """As the bank told it."""
        return BankLine(
            iban=self.iban,
            booked_on=self.booked_on,
            value_on=self.value_on,
            amount_minor=self.amount_minor,
            currency=self.currency,
            bank_reference=self.bank_reference,
            returned=self.returned,
            count=self.count,
            **(json.loads(self.told) if self.told else {}),
        )


def told_of(line: BankLine) -> str:
    """What a line says that may name somebody, cut to what a bank may send; texts that are empty are left out."""
    parts = {name: getattr(line, name).replace("\0", "")[:most] for name, most in _TOLD.items()}
    return json.dumps({name: text for name, text in parts.items() if text}, ensure_ascii=False)


class Decision(models.Model):
    """What became of a movement: by itself where ``decided_by`` is empty, which it also is once that login is erased."""

    class Kind(models.TextChoices):
        BOOKED = "booked", _("booked")
        TAKEN_BACK = "taken_back", _("taken back")
        SET_ASIDE = "set_aside", _("set aside")

    movement = models.OneToOneField(Movement, on_delete=models.PROTECT, related_name="decision")
    kind = models.CharField(max_length=20, choices=Kind)
    by_itself = models.BooleanField(default=False)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="+")
    returned = models.OneToOneField(Returned, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision about a movement")
        verbose_name_plural = _("decisions about movements")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="booked", receipt__isnull=False, returned__isnull=True)
                | Q(kind="taken_back", receipt__isnull=True, returned__isnull=False)
                | Q(kind="set_aside", receipt__isnull=True, returned__isnull=True),
                name="decision_of_its_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.movement}: {self.get_kind_display()}"
