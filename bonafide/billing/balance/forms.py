"""The code of a voucher, as a customer types it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy


class RedeemForm(forms.Form):
    code = forms.CharField(
        max_length=60,
        label=gettext_lazy("Voucher code"),
        help_text=gettext_lazy("Small or capital letters, as you like."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
