"""What staff fill in to enter an order to keep something, and to write down what was handed to an authority."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from bonafide.errors import Refused
from bonafide.holdings import Kind
from bonafide.privacy.begin_hold import begin_hold
from bonafide.privacy.forms import ReasonForm
from bonafide.privacy.models import Hold, Release
from bonafide.privacy.releases import record_release

_KINDS = [(str(kind), kind.label) for kind in Kind]


class _LawForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks the step itself whether the record can stand, and takes the answer back. ``staff`` is set by the page."""

    staff: Any = None
    kinds = forms.MultipleChoiceField(label=_("What"), choices=_KINDS, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_(
            "Why you enter this. The customer reads it, word for word, once they may know of the order. Name no other customer."
        ),
    )

    clean_reason = ReasonForm.clean_reason

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                with transaction.atomic():
                    self.write()
                    transaction.set_rollback(True)
            except Refused as refusal:
                self.add_error(None, str(refusal))
        return values

    def _post_clean(self) -> None:
        """The step has checked it, in better words than the constraints have."""

    def write(self) -> Hold | Release:
        raise NotImplementedError


class HoldForm(_LawForm):
    last_day = forms.DateField(
        label=_("Last day"),
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("36 months ahead at most. From the day after, the hold is over."),
    )

    class Meta:
        model = Hold
        fields = ["account", "person", "basis", "reference", "secret_until", "secret_basis"]

    def write(self) -> Hold:
        values = dict(self.cleaned_data)
        morning_after = values.pop("last_day") + timedelta(days=1)
        return begin_hold(
            staff=self.staff,
            operator=settings.OPERATOR,
            now=timezone.now(),  # noqa: TID251 - a form of the admin's pages
            until=datetime.combine(morning_after, time.min, tzinfo=settings.OPERATOR.zone),
            kinds=[Kind(kind) for kind in values.pop("kinds")],
            **values,
        )


class ReleaseForm(_LawForm):
    class Meta:
        model = Release
        fields = [
            *("account", "person", "authority", "basis", "reference", "scope", "from_on", "until_on", "released_at"),
            *("secret_until", "secret_basis"),
        ]

    def write(self) -> Release:
        values = dict(self.cleaned_data)
        return record_release(
            staff=self.staff,
            now=timezone.now(),  # noqa: TID251 - a form of the admin's pages
            kinds=[Kind(kind) for kind in values.pop("kinds")],
            **values,
        )
