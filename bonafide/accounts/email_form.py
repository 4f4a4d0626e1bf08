"""The field in which people write an e-mail address, and the form of a change of address, which is that field alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from bonafide.accounts.plain import plain_email


class PlainEmailField(forms.EmailField):
    """An address in lower case and plain letters; what is wrong with another is said in one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 254, **options})

    def clean(self, value: Any) -> Any:
        try:
            return plain_email(super().clean(value))
        except ValidationError as wrong:
            raise ValidationError(wrong.error_list[:1]) from None


class EmailForm(forms.Form):
    email = PlainEmailField(
        label=gettext_lazy("New e-mail address"),
        help_text=gettext_lazy("We send a letter there. Until you open its link, everything stays as it is."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
