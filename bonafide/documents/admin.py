"""Staff see which bills have their documents, and in one line why one has none yet, or is on paper alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from bonafide.billing.admin import LookOnly
from bonafide.documents.models import Document, DocumentQuerySet


class StandFilter(admin.SimpleListFilter):
    """Those that somebody has to look after, first of all."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failing", "failing"), ("pending", "pending"), ("paper", "on paper alone"), ("complete", "complete")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        assert isinstance(queryset, DocumentQuerySet)  # noqa: S101 - the model's own manager
        value = self.value()
        if value == "failing":
            return queryset.failing()
        if value == "pending":
            return queryset.pending()
        if value == "paper":
            return queryset.filter(rendered_at__isnull=False, xml_sha256="")
        return queryset.exclude(xml_sha256="").filter(rendered_at__isnull=False) if value == "complete" else queryset


@admin.register(Document)
class DocumentAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["of_bill", "stand", "attempts", "next_attempt_at", "error"]
    list_filter = [StandFilter]
    search_fields = ["invoice__number", "error"]
    ordering = ["-invoice__position"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        found: QuerySet[Document] = super().get_queryset(request)
        return found.select_related("invoice")

    @admin.display(ordering="invoice__position", description="bill")
    def of_bill(self, document: Document) -> str:
        return str(document.invoice.number)

    @admin.display(description="state")
    def stand(self, document: Document) -> str:
        if document.rendered_at is None:
            return "failing" if document.error else "pending"
        return "PDF and XML" if document.xml_sha256 else "PDF alone"
