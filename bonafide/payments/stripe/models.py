"""What is asked of Stripe and what it said. Nothing of a card is here but its brand, its last four digits and its last month."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account, User
from bonafide.billing.models import Invoice
from bonafide.payments.models import Receipt


class Customer(models.Model):
    """An account as Stripe knows it: made there when it first pays or saves a means of payment."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="stripe_customer", verbose_name=_("account"))
    stripe_id = models.CharField(max_length=255, unique=True)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("customer at Stripe")
        verbose_name_plural = _("customers at Stripe")

    def __str__(self) -> str:
        return self.stripe_id


class Method(models.Model):
    """A card or a SEPA mandate that is saved at Stripe. ``removed_at`` is set once, when it was taken away by either side."""

    class Kind(models.TextChoices):
        CARD = "card", _("card")
        SEPA_DEBIT = "sepa_debit", _("SEPA direct debit")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payment_methods", verbose_name=_("account"))
    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    brand = models.CharField(_("brand"), max_length=40, blank=True)
    last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # The last month in which a card holds, YYYYMM; empty for a mandate.
    expires = models.PositiveIntegerField(_("holds until"), null=True, blank=True)
    # The mandate's reference (UMR), as it stands on the account holder's statement.
    mandate = models.CharField(_("reference of the mandate"), max_length=60, blank=True)
    is_default = models.BooleanField(_("used first"), default=False)
    saved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("saved by"))
    saved_at = models.DateTimeField(_("saved"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("saved means of payment")
        verbose_name_plural = _("saved means of payment")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True, removed_at=None), name="stripe_method_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand or self.get_kind_display()} …{self.last4}"


class AutoPay(models.Model):
    """A customer chose that bills are paid by themselves, from ``agreed_at`` to ``ended_at``: the consent, and its words then."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="auto_pay", verbose_name=_("account"))
    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="auto_pay", verbose_name=_("means of payment"))
    words = models.TextField(_("what was agreed to"))
    agreed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("agreed by"))
    agreed_at = models.DateTimeField(_("agreed"))
    ended_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("ended by"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("automatic payment")
        verbose_name_plural = _("automatic payments")
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="stripe_auto_pay_one"),
        ]

    def __str__(self) -> str:
        return str(self.method)


class AttemptState(models.TextChoices):
    """Where an attempt is. It only ever goes on in this order; those from ``SUCCEEDED`` on are ends."""

    WRITTEN = "written", _("being prepared")  # Stripe may or may not know of it yet
    OPEN = "open", _("waits for the customer")  # a page of Stripe's, or a question of the bank
    PROCESSING = "processing", _("on its way")  # a debit, which may still fail
    SUCCEEDED = "succeeded", _("paid")
    FAILED = "failed", _("declined")
    CANCELLED = "cancelled", _("given up")  # expired, cancelled by us or by the customer


ENDED = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED)


class Attempt(models.Model):
    """One attempt to have a bill paid, or (without a bill) to save a means of payment. Written before Stripe is asked.

    ``key`` is what Stripe is asked with, so that the same asked again is the same there. At most one attempt of a bill is under
    way. ``receipt`` is the money, once it came.
    """

    class Way(models.TextChoices):
        CHECKOUT = "checkout", _("on Stripe’s page")
        AUTO = "auto", _("by itself")
        SAVE = "save", _("saving a means of payment")

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    way = models.CharField(_("way"), max_length=10, choices=Way.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("account"))
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="attempts", verbose_name=_("bill"))
    method = models.ForeignKey(
        Method, on_delete=models.PROTECT, null=True, related_name="attempts", verbose_name=_("means of payment")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    state = models.CharField(_("state"), max_length=10, choices=AttemptState.choices, default=AttemptState.WRITTEN)
    session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    intent_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    # The charge that succeeded, or is on its way, which movements of money at Stripe name.
    charge_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    # The hosted page; it is emptied at the end.
    url = models.TextField(blank=True)
    # Why it was declined: Stripe's code, or the bank's.
    code = models.CharField(_("reason"), max_length=60, blank=True)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="attempt")
    begun_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("begun by"))
    begun_at = models.DateTimeField(_("begun"))
    moved_at = models.DateTimeField(_("last moved"))

    class Meta:
        verbose_name = _("attempt to pay")
        verbose_name_plural = _("attempts to pay")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(state__in=["written", "open", "processing"], invoice__isnull=False),
                name="stripe_attempt_one_under_way",
            ),
            models.CheckConstraint(
                condition=Q(way="save", invoice=None, amount_minor=0) | Q(way__in=["checkout", "auto"], amount_minor__gt=0),
                name="stripe_attempt_for_what",
            ),
        ]
        indexes = [models.Index(fields=["state", "moved_at"], name="stripe_attempt_under_way")]

    def __str__(self) -> str:
        return str(self.key)


class Refund(models.Model):
    """Money sent back to who paid, against a credit note. Written before Stripe is asked, with ``key`` as for attempts."""

    class State(models.TextChoices):
        WRITTEN = "written", _("being prepared")
        PENDING = "pending", _("on its way")
        SUCCEEDED = "succeeded", _("sent back")
        FAILED = "failed", _("came back")

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    credit_note = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("credit note"))
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WRITTEN)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    code = models.CharField(_("reason"), max_length=60, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    moved_at = models.DateTimeField(_("last moved"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="stripe_refund_something")]

    def __str__(self) -> str:
        return self.stripe_id or str(self.key)


class Dispute(models.Model):
    """Somebody told their bank that a payment was not theirs. ``state`` is Stripe's word; the money is away until it is won."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    stripe_id = models.CharField(max_length=255, unique=True)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    reason = models.CharField(_("reason"), max_length=60)
    state = models.CharField(_("state"), max_length=30)
    answer_by = models.DateTimeField(_("answer until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    moved_at = models.DateTimeField(_("last moved"))

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")

    def __str__(self) -> str:
        return self.stripe_id


class Hook(models.Model):
    """An event that Stripe sent: its body as it came, stored once. It is a hint to look at its object, and empty soon after."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    event_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(_("kind"), max_length=100)
    thing = models.CharField(_("about"), max_length=255, blank=True)
    body = models.BinaryField(default=b"")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    said = models.CharField(_("why"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"))
    try_at = models.DateTimeField(_("tried again"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("event from Stripe")
        verbose_name_plural = _("events from Stripe")
        indexes = [
            models.Index(fields=["try_at"], condition=Q(state="waiting"), name="stripe_hook_waiting"),
            models.Index(fields=["received_at"], name="stripe_hook_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Movement(models.Model):
    """A balance transaction: money that moved on our account at Stripe. ``fee_minor`` is what Stripe kept of it. Only added."""

    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    source = models.CharField(_("of"), max_length=255, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    fee_minor = models.BigIntegerField(_("fee in minor units"))
    moved_at = models.DateTimeField(_("moved"))
    noted_at = models.DateTimeField(_("noted"))

    class Meta:
        verbose_name = _("movement at Stripe")
        verbose_name_plural = _("movements at Stripe")
        indexes = [models.Index(fields=["moved_at"], name="stripe_movement_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"


class Difference(models.Model):
    """Money that Stripe and our books see differently, until ``gone_at``. ``about`` is the object at Stripe, or a currency.

    ``amount_minor`` is by how much Stripe has more.
    """

    about = models.CharField(_("about"), max_length=255, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    said = models.CharField(_("what"), max_length=300)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last seen"))
    told_at = models.DateTimeField(_("staff told"), null=True, blank=True)
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference from Stripe")
        verbose_name_plural = _("differences from Stripe")

    def __str__(self) -> str:
        return self.said
