"""The forms of ordering, withdrawing and cancelling."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.contracts.order import Shown

# What the key of a form looks like: a UUID.
KEY = forms.UUIDField


class OrderForm(forms.Form):
    """What an order agrees to; ``digest`` is of what was shown."""

    begin_at_once = forms.BooleanField(
        required=False,
        label=gettext_lazy(
            "I expressly ask that the service begin at once, before the period for withdrawing is over. If I withdraw then, "
            "I owe the part of the price for what was supplied until then."
        ),
    )
    terms = forms.BooleanField(error_messages={"required": gettext_lazy("Without the terms there is no contract.")})
    digest = forms.CharField(widget=forms.HiddenInput, min_length=64, max_length=64)
    key = KEY(widget=forms.HiddenInput)

    def __init__(self, *args: Any, shown: Shown, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].label = _("I have read the terms of service, version %(number)s, and accept them.") % {
            "number": shown.terms_version
        }
        if not shown.consumer:
            del self.fields["begin_at_once"]


def _plain(value: str) -> str:
    """A name, not an address to click on: it is quoted in a letter to whoever's address was written beside it."""
    value = " ".join(value.split())
    if "://" in value or "www." in value.lower():
        raise ValidationError(_("Write it without a web address."))
    return value


class NoticeForm(forms.Form):
    """Who withdraws or cancels, from what."""

    name = forms.CharField(
        max_length=100, label=gettext_lazy("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("The confirmation is sent there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    contract = forms.CharField(
        max_length=60,
        label=gettext_lazy("Reference of the contract"),
        help_text=gettext_lazy(
            "It begins with K- and stands in the letter that confirmed the order. Without it, write what you know."
        ),
    )
    key = KEY(widget=forms.HiddenInput)

    def clean_name(self) -> str:
        return _plain(self.cleaned_data["name"])

    def clean_contract(self) -> str:
        return _plain(self.cleaned_data["contract"])


class CancelForm(NoticeForm):
    """The same, with an end."""

    wanted_on = forms.DateField(
        required=False,
        label=gettext_lazy("Last day wanted"),
        help_text=gettext_lazy("Leave it empty for the earliest day."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    reason = forms.CharField(
        required=False, max_length=1000, label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ["name", "email", "contract", "wanted_on", "reason"]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_wanted_on(self) -> date | None:
        wanted: date | None = self.cleaned_data["wanted_on"]
        if wanted and wanted < self.today:
            raise ValidationError(_("That day is over: choose today or a later one."))
        return wanted
