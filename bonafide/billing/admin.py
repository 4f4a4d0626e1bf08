"""Staff look at bills, runs and settlements, of which only settlements are added, and decide where consumers are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from bonafide.accounts.countries import country_choices
from bonafide.billing.amend.staff import credit_page, give_up_page, rectify_page
from bonafide.billing.balance import admin as balance_admin  # noqa: F401 - registers what is there
from bonafide.billing.closings.admin import ClosingAdmin as ClosingAdmin  # registers itself
from bonafide.billing.correct import credit, creditable
from bonafide.billing.decide_location import decide_location
from bonafide.billing.models import (
    BillRun,
    Correction,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LocationEvidence,
    LocationQuestion,
    Loss,
    Settlement,
    State,
)
from bonafide.billing.settle import settle
from bonafide.billing.states import FOR_STAFF, in_states, shown_as
from bonafide.billing.tax.places import special_places
from bonafide.errors import Refused
from bonafide.money import format_minor
from bonafide.periods import Month


class LookOnly:
    """Neither added, changed nor deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LineInline(LookOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = InvoiceLine
    fields = ["position", "text", "meter", "quantity", "unit", "unit_price", "net_minor"]
    extra = 0
    show_change_link = False


class TaxInline(LookOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = InvoiceTax
    fields = ["category", "rate", "base_minor", "tax_minor", "reason"]
    extra = 0


class SettlementInline(LookOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Settlement
    fields = ["received_on", "amount_minor", "means", "reference"]
    extra = 0


class InStates(admin.SimpleListFilter):
    """The states of the customers' list, as of today."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(shown.key, shown.label) for shown in FOR_STAFF]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        shown = shown_as(self.value() or "")
        return in_states(queryset, shown) if shown else queryset  # type: ignore[arg-type]


class LossInline(LookOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Loss
    fields = ["made_on", "amount_minor", "reason", "made_by"]
    extra = 0


@admin.register(Invoice)
class InvoiceAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["number", "of_month", "account", "total", "stands", "issued_on", "due_on"]
    list_filter = [InStates, "month", "currency", "kind"]
    search_fields = ["number", "account__reference", "account__name", "payment_reference"]
    ordering = ["-position"]
    list_per_page = 50
    inlines = [LineInline, TaxInline, SettlementInline, LossInline]
    actions_detail = ["credit", "rectify", "give_up"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        found: QuerySet[Invoice] = super().get_queryset(request)
        today = timezone.now().astimezone(settings.OPERATOR.zone).date()  # noqa: TID251 - the admin is a view
        whole: QuerySet[Invoice] = found.with_state(today, losses=True)  # type: ignore[attr-defined]
        return whole.select_related("account")

    @action(description=_("Take back"), url_path="credit")  # type: ignore[untyped-decorator]  # unfold has no types
    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return credit_page(request, object_id)

    @action(description=_("Replace"), url_path="rectify")  # type: ignore[untyped-decorator]
    def rectify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return rectify_page(request, object_id)

    @action(description=_("Give up"), url_path="give-up")  # type: ignore[untyped-decorator]
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return give_up_page(request, object_id)

    @admin.display(description=_("state"))
    def stands(self, invoice: Invoice) -> str:
        if invoice.kind == Invoice.Kind.CREDIT_NOTE:
            return str(_("credit note"))
        return str(State(invoice.state).label)  # type: ignore[attr-defined]  # with_state's

    @admin.display(ordering="month", description="month")
    def of_month(self, invoice: Invoice) -> str:
        return str(Month.from_key(invoice.month))

    @admin.display(ordering="total_minor", description="total")
    def total(self, invoice: Invoice) -> str:
        return format_minor(invoice.total_minor, invoice.currency, "en")


@admin.register(BillRun)
class BillRunAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["of_month", "started_at", "finished_at"]
    ordering = ["-month"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The pages of bill runs show more than the rows do."""
        return redirect("bill_runs")

    @admin.display(ordering="month", description="month")
    def of_month(self, run: BillRun) -> str:
        return str(Month.from_key(run.month))


@admin.register(Settlement)
class SettlementAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["invoice", "amount_minor", "received_on", "means"]
    search_fields = ["invoice__number", "reference"]
    autocomplete_fields = ["invoice"]
    ordering = ["-received_on"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Settlement, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """By the step that posts it to the ledger as well."""
        now = timezone.now()  # noqa: TID251 - the admin is a view
        values = {name: getattr(obj, name) for name in ("invoice", "amount_minor", "received_on", "means", "reference")}
        try:
            obj.pk = settle(**values, now=now).pk
        except Refused as refusal:
            raise PermissionDenied(str(refusal)) from None


class CreditForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which bill, how much of it, and why. The key makes a second press harmless."""

    amount = forms.CharField(
        required=False, max_length=20, help_text=_("Before VAT, in the bill\u2019s currency, such as 30.00; empty for all of it.")
    )
    reason = forms.CharField(max_length=200, help_text=_("The credit note says it to the customer."))
    key = forms.CharField(widget=forms.HiddenInput, initial=lambda: f"staff {uuid4()}")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("original") and values.get("reason"):
            try:
                values["net_minor"] = creditable(
                    invoice=values["original"], amount=values.get("amount") or None, key=values.get("key", "")
                )
            except Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return values

    def validate_unique(self) -> None:
        """The step itself says what the same key twice is."""


@admin.register(Correction)
class CorrectionAdmin(ModelAdmin):  # type: ignore[misc]
    """Staff take a bill back, or a part of it."""

    form = CreditForm
    fields = ["original", "amount", "reason", "key"]
    list_display = ["document", "original", "reason", "made_by", "made_at"]
    list_select_related = ["document", "original", "made_by"]
    search_fields = ["document__number", "original__number"]
    autocomplete_fields = ["original"]
    ordering = ["-pk"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.fields if obj is None else ["document", "original", "reason", "made_by", "made_at"]

    def save_model(self, request: HttpRequest, obj: Correction, form: CreditForm, change: bool) -> None:  # noqa: FBT001 - Django's
        values, now = form.cleaned_data, timezone.now()  # noqa: TID251 - the admin is a view
        try:
            made = credit(
                invoice=values["original"],
                net_minor=values["net_minor"],
                reason=values["reason"],
                key=values["key"],
                operator=settings.OPERATOR,
                now=now,
                by=request.user,  # type: ignore[arg-type]
            )
        except Refused as refusal:
            raise PermissionDenied(str(refusal)) from None
        obj.pk, obj.document = made.correction.pk, made


def _place_choices() -> list[tuple[str, str]]:
    """Every country, and the places within one that VAT knows apart."""
    return [("", "---------"), *country_choices("en"), *((code, code) for code in special_places())]


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where the consumer is, and why staff think so."""

    place = forms.ChoiceField(choices=_place_choices)
    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which evidence counts and why the rest does not: it is kept with the bill for the tax office."),
    )


@admin.register(LocationQuestion)
class LocationQuestionAdmin(ModelAdmin):  # type: ignore[misc]
    """Bills wait for these: each is decided once."""

    form = QuestionForm
    fields = ["account", "evidence", "month", "asked_at", "place", "reason", "decided_by", "decided_at"]
    list_display = ["account", "evidence", "of_month", "place", "decided_at"]
    list_filter = [("decided_at", admin.EmptyFieldListFilter)]
    list_select_related = ["account"]
    search_fields = ["account__reference", "account__name"]
    ordering = ["decided_at", "-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LocationQuestion | None = None) -> bool:
        """Until it is decided."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.decided_at is None)

    def get_readonly_fields(self, request: HttpRequest, obj: LocationQuestion | None = None) -> list[str]:
        asked = ["account", "evidence", "month", "asked_at", "decided_by", "decided_at"]
        return [*asked, "place", "reason"] if obj and obj.decided_at else asked

    @admin.display(description=_("evidence"))
    def evidence(self, question: LocationQuestion) -> str:
        return str(question)

    @admin.display(ordering="month", description=_("month"))
    def of_month(self, question: LocationQuestion) -> str:
        return str(Month.from_key(question.month))

    def save_model(self, request: HttpRequest, obj: LocationQuestion, form: QuestionForm, change: bool) -> None:  # noqa: FBT001 - Django's
        now = timezone.now()  # noqa: TID251 - the admin is a view
        values = form.cleaned_data
        try:
            decide_location(question=obj, place=values["place"], reason=values["reason"], by=request.user, now=now)  # type: ignore[arg-type]
        except Refused as refusal:
            raise PermissionDenied(str(refusal)) from None


class EvidenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What staff know beside what the console finds by itself."""

    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in (LocationEvidence.Kind.PHONE, LocationEvidence.Kind.OTHER)]
    )
    place = forms.ChoiceField(choices=_place_choices)
    method = forms.CharField(max_length=200, help_text=_("What it is and where you have it from; no number and no address."))


@admin.register(LocationEvidence)
class LocationEvidenceAdmin(ModelAdmin):  # type: ignore[misc]
    form = EvidenceForm
    fields = ["account", "kind", "place", "method"]
    list_display = ["account", "kind", "place", "method", "at"]
    list_filter = ["kind"]
    list_select_related = ["account"]
    search_fields = ["account__reference", "account__name"]
    autocomplete_fields = ["account"]
    ordering = ["-pk"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: LocationEvidence, form: EvidenceForm, change: bool) -> None:  # noqa: FBT001 - Django's
        obj.at = timezone.now()  # noqa: TID251 - the admin is a view
        obj.save()
