"""Staff read what staff looked at. Nothing here is added, changed or deleted by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bonafide.privacy.models import Erasure, Look, Visit
from bonafide.privacy.staff_code import staff_code

# It lists what hangs on the chosen records, of many customers at once. Records are deleted one by one, each with a reason.
admin.site.disable_action("delete_selected")


class _OnlyToRead(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("code that customers see"))
    def code(self, row: Look | Visit) -> str:
        return staff_code(row.staff)


@admin.register(Look)
class LookAdmin(_OnlyToRead):
    list_display = ["at", "staff", "code", "view", "kind", "account", "person"]
    list_select_related = ["staff", "account", "person"]
    list_filter = ["view", "kind"]
    search_fields = ["staff__username", "account__reference", "account__name", "person__username"]
    ordering = ["-at", "-pk"]
    fields = ["at", "staff", "code", "view", "kind", "thing", "account", "reason", "visit"]
    readonly_fields = fields


@admin.register(Erasure)
class ErasureAdmin(_OnlyToRead):
    list_display = ["__str__", "by", "asked_at", "due_at", "withdrawn_at", "done_at", "finished_at", "hindrance"]
    list_filter = ["by"]
    search_fields = ["=person_id", "=account_id"]
    ordering = ["-asked_at", "-pk"]
    fields = ["person_id", "account_id", "by", "reason", "asked_at", "due_at", "withdrawn_at", "done_at", "finished_at"]
    fields += ["kept", "hindrance", "number", "digest"]
    readonly_fields = fields


@admin.register(Visit)
class VisitAdmin(_OnlyToRead):
    list_display = ["began_at", "staff", "code", "account", "minutes", "ended_at", "how_ended"]
    list_select_related = ["staff", "account"]
    search_fields = ["staff__username", "account__reference", "account__name"]
    ordering = ["-began_at", "-pk"]
    fields = ["began_at", "staff", "code", "account", "reason", "minutes", "ended_at", "how_ended"]
    readonly_fields = fields
