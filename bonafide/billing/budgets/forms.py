"""The amount that a customer wants to hear of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.money import exponent, to_minor

LARGEST = Decimal(10) ** 12


class BudgetForm(forms.Form):
    """``minor`` is the amount in minor units of the currency that the account is billed in, once the form is valid."""

    amount = forms.DecimalField(localize=True, max_value=LARGEST, max_digits=15, label=gettext_lazy("Amount before VAT"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _("A month, in %(currency)s.") % {"currency": currency}

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        places = exponent(self.currency)
        if amount <= 0:
            raise forms.ValidationError(_("Write an amount above zero."))
        if amount != round(amount, places):
            raise forms.ValidationError(
                _("%(currency)s has %(places)s decimals.") % {"currency": self.currency, "places": places}
            )
        return amount

    @property
    def minor(self) -> int:
        return to_minor(self.cleaned_data["amount"], self.currency)
