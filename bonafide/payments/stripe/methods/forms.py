"""The box that is ticked to have bills paid by themselves. It is never ticked beforehand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class AgreeForm(forms.Form):
    """``seen`` is the digest of the words that were shown: nothing else is agreed to."""

    agree = forms.BooleanField(
        label=_("I agree to this"), error_messages={"required": _("Tick the box if you agree; nothing was changed.")}
    )
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, shown: str) -> None:
        super().__init__(data, initial={"seen": shown})
        self.shown = shown

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("seen") != self.shown:
            raise ValidationError(_("What you agree to has changed since you opened the page: read it again."))
        return values
