"""Staff look at bills, runs and settlements; nothing here is changed, and settlements are only added."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from bonafide.billing.models import BillRun, Invoice, InvoiceLine, InvoiceTax, Settlement
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


@admin.register(Invoice)
class InvoiceAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["number", "of_month", "account", "total", "issued_on", "due_on"]
    list_filter = ["month", "currency", "kind"]
    search_fields = ["number", "account__reference", "account__name", "payment_reference"]
    ordering = ["-position"]
    list_per_page = 50
    inlines = [LineInline, TaxInline, SettlementInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        found: QuerySet[Invoice] = super().get_queryset(request)
        return found.select_related("account")

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
