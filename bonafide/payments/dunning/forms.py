"""What staff write when they pause an account."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class PauseForm(forms.Form):
    """Why, and until when at most."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
    until_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Leave it empty for a pause until somebody ends it."),
    )
