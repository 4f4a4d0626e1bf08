"""What staff enter to send money back; the hidden key makes a second press harmless."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bonafide.billing.models import Invoice
from bonafide.money import exponent, format_minor, from_minor, to_minor
from bonafide.payments.stripe.refunds import Refundable, refundable


class RefundForm(forms.Form):
    """Of which payment, and how much. ``seen`` is a digest of what was shown: nothing else is confirmed."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    payment = forms.TypedChoiceField(label=_("Payment"), coerce=int, widget=UnfoldAdminSelectWidget)
    amount = forms.CharField(
        label=_("Amount"),
        max_length=20,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("With VAT, such as 30.00; empty for all that can go back of this payment."),
    )

    def __init__(self, credit_note: Invoice, data: Any = None) -> None:
        super().__init__(data, initial={"key": str(uuid4())})
        self.credit_note = credit_note
        self.found: dict[int, Refundable] = {one.attempt.pk: one for one in refundable(credit_note=credit_note)}
        self.fields["payment"].choices = [  # type: ignore[attr-defined]
            (pk, f"{one.attempt.intent_id}: {format_minor(one.amount_minor, credit_note.currency, 'en')}")
            for pk, one in self.found.items()
        ]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        one = self.found.get(values.get("payment", 0))
        if one is None:
            return values
        currency, said = self.credit_note.currency, (values.get("amount") or "").replace(",", ".").strip()
        try:
            minor = to_minor(_exact(said, currency), currency) if said else one.amount_minor
        except InvalidOperation:
            raise ValidationError({"amount": _("Expected an amount such as 30.00.")}) from None
        if not 0 < minor <= one.amount_minor:
            most = f"{from_minor(one.amount_minor, currency)} {currency}"
            raise ValidationError({"amount": _("At most %(most)s of this payment can go back.") % {"most": most}})
        values["minor"], values["attempt"] = minor, one.attempt
        return values

    def digest(self) -> str:
        """Of what was entered, and what it comes to."""
        return sha256(repr((self.cleaned_data["payment"], self.cleaned_data["minor"])).encode()).hexdigest()

    def plain_fields(self) -> list[Any]:
        return [self["payment"], self["amount"]]


def _exact(said: str, currency: str) -> Decimal:
    """:raises InvalidOperation: for what is no amount of this currency."""
    value = Decimal(said)
    if not value.is_finite() or value != value.quantize(Decimal(1).scaleb(-exponent(currency))):
        raise InvalidOperation
    return value
