"""What staff write when they sign a month off."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignOffForm(forms.Form):
    """``rehearsal`` is the one that they looked at, so that a newer one is not signed unseen."""

    rehearsal = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=300, required=False, label=_("Note"), help_text=_("What you looked at; it is kept with your name.")
    )
