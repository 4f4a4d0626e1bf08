"""What staff fill in before they open a customer's records or visit a customer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SHORTEST = 5  # "asked" explains nothing less


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text=gettext_lazy(
            "The customer reads this, word for word, in their settings. Name no other customer. "
            "For example: your message of 20 November about VAT."
        ),
    )


class ReasonForm(forms.Form):
    reason = reason_field()

    def clean_reason(self) -> str:
        reason = " ".join(str(self.cleaned_data["reason"]).split())
        if len(reason) < SHORTEST or not any(letter.isalpha() for letter in reason):
            raise ValidationError(_("Say it in a few words that the customer understands."))
        return reason


class VisitForm(ReasonForm):
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("For how long at most"),
        coerce=int,
        initial=30,
        choices=[
            (15, gettext_lazy("15 minutes")),
            (30, gettext_lazy("30 minutes")),
            (60, gettext_lazy("1 hour")),
            (120, gettext_lazy("2 hours")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
