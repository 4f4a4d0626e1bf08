"""Invoices and what hangs on them. Once an invoice has its number, the database itself refuses to change it (``triggers``)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account, User
from bonafide.billing.balance import models as _balance  # noqa: F401 - registers its tables
from bonafide.billing.ledger.models import Posting, Step

__all__ = [
    "BillRun",
    "Correction",
    "Invoice",
    "InvoiceLine",
    "InvoiceQuerySet",
    "InvoiceTax",
    "LocationEvidence",
    "LocationQuestion",
    "Posting",
    "Series",
    "Settlement",
    "State",
    "Step",
]


class BillRun(models.Model):
    """The issuing of one month's bills: begun once, resumed until it is finished."""

    month = models.PositiveIntegerField(unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.month)


class Series(models.Model):
    """The last number given in a year; its row is locked while numbers are given, so that none is skipped or given twice."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class State(models.TextChoices):
    """Where an invoice stands on a given day; worked out, never stored."""

    DRAFT = "draft", _("draft")
    ISSUED = "issued", _("to be paid")
    PARTLY_PAID = "partly_paid", _("partly paid")
    OVERDUE = "overdue", _("overdue")
    PAID = "paid", _("paid")


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def issued(self) -> InvoiceQuerySet:
        """Those that have their number."""
        return self.filter(number__isnull=False)

    def visible_to(self, user: Any) -> InvoiceQuerySet:
        """Issued bills of the accounts a person is a member of."""
        return self.issued().filter(account__memberships__user=user)

    def of_month(self, month_key: int) -> InvoiceQuerySet:
        """Bills of a month given as YYYYMM."""
        return self.filter(month=month_key)

    def newest_first(self) -> InvoiceQuerySet:
        return self.order_by("-issued_at", "-position")

    def whole(self) -> InvoiceQuerySet:
        """With account, lines and taxes, in a constant number of queries."""
        return self.select_related("account").prefetch_related("lines", "taxes")

    def with_state(self, today: date) -> InvoiceQuerySet:
        """Each with ``settled_minor``, ``credited_minor``, ``open_minor`` and ``state`` (a :class:`State` value) as of ``today``.

        Nothing is due on a credit note, nor on a bill of zero or less: it is paid at issue. What is due on a day is overdue from
        the next.
        """
        credited = (
            Correction.objects.filter(original=OuterRef("pk"), document__issued_on__lte=today)
            .order_by()
            .values("original")
            .annotate(sum=Sum("document__total_minor"))
            .values("sum")
        )
        settled = (
            Settlement.objects.filter(invoice=OuterRef("pk"), received_on__lte=today)
            .order_by()
            .values("invoice")
            .annotate(sum=Sum("amount_minor"))
            .values("sum")
        )
        return self.annotate(
            settled_minor=Coalesce(Subquery(settled), Value(0), output_field=models.BigIntegerField()),
            credited_minor=Coalesce(Subquery(credited), Value(0), output_field=models.BigIntegerField()),
            open_minor=Case(
                When(kind=Invoice.Kind.CREDIT_NOTE, then=Value(0)),
                default=F("total_minor") - F("settled_minor") - F("credited_minor"),
                output_field=models.BigIntegerField(),
            ),
            state=Case(
                When(number__isnull=True, then=Value(State.DRAFT)),
                When(Q(total_minor__lte=0) | Q(open_minor__lte=0), then=Value(State.PAID)),
                When(due_on__lt=today, then=Value(State.OVERDUE)),
                When(settled_minor__gt=0, then=Value(State.PARTLY_PAID)),
                default=Value(State.ISSUED),
                output_field=models.CharField(),
            ),
        )


class Invoice(models.Model):
    """A bill. Everything on it is frozen: seller and buyer as JSON, amounts in minor units, texts in the buyer's language."""

    class Kind(models.TextChoices):
        """EN 16931 document types (UNTDID 1001): 380 invoice, 381 credit note, 384 corrected invoice."""

        INVOICE = "380", "invoice"
        CREDIT_NOTE = "381", "credit note"
        CORRECTION = "384", "corrected invoice"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=3, choices=Kind.choices, default=Kind.INVOICE)
    month = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=2)
    seller = models.JSONField()
    buyer = models.JSONField()
    # Sentences the law asks for on this document, in its language, in order.
    mentions = models.JSONField(default=list)
    period_start_on = models.DateField()
    period_end_on = models.DateField()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    # The tax again in the operator's own currency, when the bill is in another (Directive 2006/112 art. 230), with the rate used.
    tax_home_minor = models.BigIntegerField(null=True, blank=True)
    exchange = models.JSONField(null=True, blank=True)
    trial = models.BooleanField(default=False)
    # What decided the tax, frozen: treatment, place, rate and its source, VIES's answer, evidence; see tax_basis.py.
    tax_basis = models.JSONField(null=True, blank=True)
    # Net in the operator's own currency, when it counts towards the threshold of Directive 2006/112/EC art. 59c.
    eu_consumer_minor = models.BigIntegerField(null=True, blank=True)
    # What the customer had paid in advance and the bill took from it at its issue (EN 16931 BT-113); empty for nothing.
    prepaid_minor = models.BigIntegerField(null=True, blank=True)

    number = models.CharField(max_length=35, unique=True, null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    payment_reference = models.CharField(max_length=25, blank=True)
    # Place in the chain of all issued documents, from 1; each seal covers the document and the seal before it.
    position = models.PositiveBigIntegerField(unique=True, null=True, blank=True)
    seal = models.CharField(max_length=64, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month", "kind"], condition=Q(kind="380"), name="invoice_once_per_month"),
            models.CheckConstraint(condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="invoice_adds_up"),
            models.CheckConstraint(
                condition=Q(number__isnull=True, issued_at__isnull=True, position__isnull=True)
                | Q(
                    number__isnull=False,
                    issued_at__isnull=False,
                    issued_on__isnull=False,
                    due_on__isnull=False,
                    position__isnull=False,
                ),
                name="invoice_issued_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["month"], name="invoice_by_month"),
            models.Index(
                fields=["month", "eu_consumer_minor"],
                condition=Q(eu_consumer_minor__isnull=False),
                name="invoice_eu_consumers",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"


class InvoiceLine(models.Model):
    """One line: quantity times unit price is its net, rounded half up once. Quantity and price are exact decimal text.

    Where prices include the tax, that product is ``gross_minor``, and ``net_minor`` its share of the base of the line's rate.
    """

    # Its unique key below begins with the invoice and serves as the index.
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=400)
    meter = models.CharField(max_length=60, blank=True)
    quantity = models.CharField(max_length=40)
    unit = models.CharField(max_length=30)
    unit_price = models.CharField(max_length=40)
    net_minor = models.BigIntegerField()
    # What the quantity is made of: [{"label": ..., "quantity": "..."}], informative.
    details = models.JSONField(default=list)
    # Whose tax it bears (EN 16931 BT-151, BT-152), as in InvoiceTax; empty on bills from before lines said so, which have one.
    tax_category = models.CharField(max_length=2, blank=True, db_default="")
    tax_rate = models.CharField(max_length=8, blank=True, db_default="")
    gross_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["invoice", "position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position")]

    def __str__(self) -> str:
        return self.text


class InvoiceTax(models.Model):
    """The base and the tax of one category and rate (EN 16931 BG-23), computed once on the sum of its lines."""

    # Its unique key below begins with the invoice and serves as the index.
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes", db_index=False)
    category = models.CharField(max_length=2)
    rate = models.CharField(max_length=8)
    base_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["invoice", "category", "rate"]
        constraints = [models.UniqueConstraint(fields=["invoice", "category", "rate"], name="invoice_tax_once")]

    def __str__(self) -> str:
        return f"{self.category} {self.rate}"


class Settlement(models.Model):
    """Money that settled (part of) an invoice; rows are only ever added. ``reference`` makes a second booking harmless."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="settlements")
    amount_minor = models.BigIntegerField()
    received_on = models.DateField()
    means = models.CharField(max_length=40)
    reference = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["means", "reference"], name="settlement_once")]

    def __str__(self) -> str:
        return f"{self.amount_minor} on {self.invoice_id}"


class Correction(models.Model):
    """A credit note and the bill that it takes back (a part of). Only added; together never more than the bill (``triggers``).

    ``key`` is the identity of the request: the same one again makes nothing new.
    """

    document = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="correction")
    original = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="corrections", verbose_name=_("bill"))
    reason = models.CharField(_("reason"), max_length=200)
    key = models.CharField(max_length=120, unique=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.CheckConstraint(condition=~Q(document=F("original")), name="correction_of_another"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(key=""), name="correction_whole"),
        ]

    def __str__(self) -> str:
        return str(self.document)


class UsageFile(models.Model):
    """What the usage file of a bill was when it was first read through: only added, each row sealed with the one before.

    ``sha256`` is of the bytes of ``usage.csv``; it is empty when there was none, because the events were gone or the lines did
    not follow from them. ``seal`` covers the row before, the bill's own seal and ``sha256``.
    """

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="usage_file")
    position = models.PositiveBigIntegerField(unique=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField()
    noted_at = models.DateTimeField()
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.sha256 or 'none'}"


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


class LocationEvidence(models.Model):
    """Evidence for where a consumer is (Reg. (EU) 282/2011 art. 24f). Only added; the latest of a kind counts.

    ``place`` is a place's code (``FR``, ``RE``, ``ES-CN``). Of an IP address only the country, how it was found and when.
    """

    class Kind(models.TextChoices):
        IP = "ip", _("Country of IP addresses")
        CARD = "card", _("Country of a card")
        BANK = "bank", _("Country of a bank account")
        PHONE = "phone", _("Country of a telephone number")
        OTHER = "other", _("Something else")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="location_evidence", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    place = models.CharField(_("place"), max_length=15)
    method = models.CharField(_("how it is known"), max_length=200)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("evidence for a place")
        verbose_name_plural = _("evidence for places")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["ip", "card", "bank", "phone", "other"]), name="location_kind_known"),
            models.CheckConstraint(condition=~Q(place="") & ~Q(method=""), name="location_evidence_whole"),
        ]
        indexes = [models.Index(fields=["account", "kind", "id"], name="location_of_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.place}"


class LocationQuestion(models.Model):
    """Evidence that contradicts itself: it stops the account's bill until staff decide, once, with a reason.

    ``items`` is the evidence as [[kind, place], ...], ``digest`` its SHA-256: the decision holds for exactly this evidence.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="location_questions", verbose_name=_("account"))
    items = models.JSONField(_("evidence"))
    digest = models.CharField(max_length=64)
    month = models.PositiveIntegerField(_("month"))
    asked_at = models.DateTimeField(_("asked"))
    place = models.CharField(_("place"), max_length=15, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("question where a consumer is")
        verbose_name_plural = _("questions where consumers are")
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="location_question_once"),
            models.CheckConstraint(
                condition=Q(decided_at=None, place="", reason="") | (Q(decided_at__isnull=False) & ~Q(place="") & ~Q(reason="")),
                name="location_decided_whole",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(f"{kind} {place}" for kind, place in self.items)
