"""Staff look at closed months; above the list stands the way to the report of the books."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bonafide.billing.closings.models import BooksReport, Closing
from bonafide.money import format_minor


@admin.register(Closing)
class ClosingAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["__str__", "closed_at", "billed", "credited", "paid", "billed_since", "paid_since", "seal_begins"]
    list_before_template = "books/_closings_lead.html"
    ordering = ["-position"]
    list_per_page = 36

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("billed"))
    def billed(self, closing: Closing) -> str:
        return _sums(closing.totals, "total_minor")

    @admin.display(description=_("credited"))
    def credited(self, closing: Closing) -> str:
        return _sums(closing.totals, "credited_minor")

    @admin.display(description=_("paid"))
    def paid(self, closing: Closing) -> str:
        return _sums(closing.totals, "settled_minor")

    @admin.display(description=_("billed since the beginning"))
    def billed_since(self, closing: Closing) -> str:
        return _sums(closing.cumulative, "total_minor")

    @admin.display(description=_("paid since the beginning"))
    def paid_since(self, closing: Closing) -> str:
        return _sums(closing.cumulative, "settled_minor")

    @admin.display(description=_("seal"))
    def seal_begins(self, closing: Closing) -> str:
        return f"{closing.seal[:12]}\N{HORIZONTAL ELLIPSIS}"


@admin.register(BooksReport)
class BooksReportAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The way to the report of a period, for those who may see bills."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm("billing.view_invoice"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("books_report")


def _sums(totals: list[dict[str, Any]], name: str) -> str:
    return ", ".join(format_minor(one[name], one["currency"], "en") for one in totals)
