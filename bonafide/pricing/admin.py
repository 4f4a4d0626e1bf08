"""Staff look at meters, plans and prices (they come from files), put accounts on plans, and enter exchange rates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.pricing.exchange import enter_rate
from bonafide.pricing.models import ClosedMonth, ExchangeRate, Meter, Plan, Price, Subscription
from bonafide.pricing.subscribe import subscribe


class LookOnly:
    """Neither added, changed nor deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PriceInline(LookOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Price
    fields = ["code", "name_en", "name_fr", "meter", "valid_from", "terms", "sort"]
    ordering = ["position", "valid_from"]
    extra = 0


@admin.register(Meter)
class MeterAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["code", "name_en", "name_fr", "unit", "aggregation", "scale", "group_by", "subject"]
    list_filter = ["aggregation"]
    search_fields = ["code", "name_en", "name_fr"]
    ordering = ["code"]


@admin.register(Plan)
class PlanAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["code", "name_en", "name_fr", "currency", "gross", "proration", "prorated_from", "is_default"]
    search_fields = ["code", "name_en", "name_fr"]
    ordering = ["code"]
    inlines = [PriceInline]


@admin.register(Price)
class PriceAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["plan", "code", "name_en", "meter", "valid_from", "terms", "sort"]
    list_filter = ["plan", "valid_from"]
    list_select_related = ["plan", "meter"]
    search_fields = ["code", "name_en", "name_fr", "meter__code"]
    ordering = ["plan", "position", "valid_from"]


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks the step itself whether the subscription can stand, and takes the answer back."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            _rehearse(self, lambda: self.write(values))
        return values

    def write(self, values: dict[str, Any]) -> Subscription:
        """Do what the form says."""
        return subscribe(
            account=values["account"],
            plan=values["plan"],
            starts_on=values["starts_on"],
            ends_on=values["ends_on"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            zone=settings.OPERATOR.zone,
            replacing=self.instance if self.instance.pk else None,
        )


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):  # type: ignore[misc]
    form = SubscriptionForm
    fields = ["account", "plan", "starts_on", "starts_at", "ends_on", "ends_at"]
    list_display = ["account", "plan", "starts_on", "starts_at", "ends_on", "ends_at"]
    list_filter = ["plan"]
    list_select_related = ["account", "plan"]
    search_fields = ["account__reference", "account__name", "plan__code"]
    autocomplete_fields = ["account", "plan"]
    ordering = ["-starts_on"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A subscription is ended, not deleted: what was billed by it stays explained."""
        return False

    def save_model(self, request: HttpRequest, obj: Subscription, form: SubscriptionForm, change: bool) -> None:  # noqa: FBT001 - Django's
        obj.pk = form.write(form.cleaned_data).pk


class ExchangeRateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rate; entered again for the same day it replaces the one that is there, while its month is open."""

    def clean_base(self) -> str:
        return str(self.cleaned_data["base"]).upper()

    def clean_quote(self) -> str:
        return str(self.cleaned_data["quote"]).upper()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            _rehearse(self, lambda: self.write(values))
            same_day = {name: values[name] for name in ("base", "quote", "dated_on")}
            self.instance = ExchangeRate.objects.filter(**same_day).first() or self.instance
        return values

    def write(self, values: dict[str, Any]) -> ExchangeRate:
        """Do what the form says."""
        now = timezone.now()  # noqa: TID251 - this page of the admin is a view
        return enter_rate(**{name: values[name] for name in ("base", "quote", "dated_on", "rate", "source")}, now=now)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):  # type: ignore[misc]
    form = ExchangeRateForm
    fields = ["base", "quote", "dated_on", "rate", "source"]
    list_display = ["dated_on", "base", "quote", "rate", "source", "entered_at"]
    list_filter = ["base", "quote"]
    ordering = ["-dated_on"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A correction is entered as a new rate of the same day."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: ExchangeRateForm, change: bool) -> None:  # noqa: FBT001 - Django's
        obj.pk = form.write(form.cleaned_data).pk


@admin.register(ClosedMonth)
class ClosedMonthAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["of_month", "closed_at"]
    ordering = ["-month"]

    @admin.display(ordering="month", description=_("month"))
    def of_month(self, closed: ClosedMonth) -> str:
        return str(Month.from_key(closed.month))


def _rehearse(form: forms.ModelForm[Any], write: Any) -> None:
    """Try a write and undo it, so that a refusal is an error of the form."""
    try:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
    except Refused as refusal:
        form.add_error(None, str(refusal))
