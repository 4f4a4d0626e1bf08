"""What staff enter about test accounts; the steps say what of it makes no sense."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.countries import country_choices
from bonafide.accounts.models import Account
from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan
from bonafide.web.templatetags.web import language

LATEST = date(2999, 12, 31)


class MonthField(forms.CharField):
    """A month written YYYY-MM, which browsers with a picker for months send as well."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2027-01"})

    def clean(self, value: Any) -> Month:
        try:
            return Month.parse(super().clean(value))
        except ValueError:
            raise forms.ValidationError(_("Write a month as 2027-01.")) from None


class _Named(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Plans and meters by their name in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name(language())} ({obj.code})"


def _day(**values: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **values)


def _in_time(day: date) -> date:
    if day > LATEST:
        raise forms.ValidationError(_("That is too far ahead."))
    return day


class NewForm(forms.Form):
    name = forms.CharField(max_length=200, label=_("Name"))
    start = MonthField(label=_("First month"), help_text=_("Its time begins with this month, past or to come."))
    plan = _Named(queryset=Plan.objects.order_by("code"), required=False, empty_label=_("the default plan"), label=_("Plan"))
    kind = forms.ChoiceField(choices=Account.Kind.choices, initial=Account.Kind.COMPANY, label=_("Person or company"))
    country = forms.ChoiceField(label=_("Country"), help_text=_("It decides the VAT, as for any customer."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices(language())  # type: ignore[attr-defined]


class AdvanceForm(forms.Form):
    to = _day(label=_("Set its clock to"), help_text=_("The beginning of this day. Each month that ends by then is worked out."))

    def clean_to(self) -> date:
        return _in_time(self.cleaned_data["to"])


class UseForm(forms.Form):
    meter = _Named(queryset=Meter.objects.order_by("code"), label=_("Meter"))
    per_day = forms.CharField(max_length=40, label=_("Quantity a day"), help_text=_("In the meter’s unit, such as 2.5."))
    first = _day(label=_("First day"))
    last = _day(label=_("Last day"), help_text=_("Days that its clock has not reached yet may be among them."))

    def clean_first(self) -> date:
        return _in_time(self.cleaned_data["first"])

    def clean_last(self) -> date:
        return _in_time(self.cleaned_data["last"])


class PlanForm(forms.Form):
    plan = _Named(queryset=Plan.objects.order_by("code"), label=_("Plan"))
    starts_on = _day(label=_("First day"), help_text=_("The plan that it is on ends that day."))

    def clean_starts_on(self) -> date:
        return _in_time(self.cleaned_data["starts_on"])


def first_of_next(month: Month) -> date:
    """What the clock is offered to be set to: when the month is over."""
    return month.last_day + timedelta(days=1)
