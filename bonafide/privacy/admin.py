"""Staff read what staff looked at and what was swept; they enter and lift legal holds, and write down releases to authorities.

Nothing here is changed or deleted by hand.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from bonafide.privacy.begin_hold import lift_holds
from bonafide.privacy.law_forms import HoldForm, ReleaseForm
from bonafide.privacy.models import Erasure, Hold, Look, Release, SweepRun, Visit
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


class _EnteredOnce(_OnlyToRead):
    """Added by a form that calls the step; never changed. Customers' names stand in the list, what it is about on its page."""

    list_select_related = ["account", "person"]
    search_fields = ["account__reference", "account__name", "person__username", "reference"]
    autocomplete_fields = ["account", "person"]
    added: list[str] = []

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(f"privacy.add_{self.opts.model_name}"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields if obj else self.added)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[forms.ModelForm[Any]]:  # noqa: FBT001, FBT002 - Django's
        made: type[forms.ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        made.staff = request.user  # type: ignore[attr-defined]
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        obj.__dict__.update(form.write().__dict__)

    @admin.display(description=_("what"))
    def what(self, row: Hold | Release) -> str:
        return ", ".join(row.kinds_said)


@admin.register(Hold)
class HoldAdmin(_EnteredOnce):
    form = HoldForm
    list_display = ["begins_at", "account", "person", "origin", "what", "until", "lifted_at"]
    list_filter = ["origin", "lifted_at"]
    ordering = ["-begins_at", "-pk"]
    added = [
        *("account", "person", "kinds", "basis", "reference", "last_day"),
        *("secret_until", "secret_basis", "reason"),
    ]
    fields = [
        *("account", "person", "what", "origin", "basis", "reference", "approved_by", "begins_at", "until"),
        *("secret_until", "secret_basis", "lifted_at", "lifted_by"),
    ]
    actions = ["lift"]

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Whoever of the staff may change holds may lift them, and that is all the changing there is."""
        return bool(request.user.has_perm("privacy.change_hold"))

    @admin.action(description=_("Lift these holds"), permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        now = timezone.now()  # noqa: TID251 - the admin is a view
        lifted = lift_holds(holds=list(queryset.values_list("pk", flat=True)), staff=request.user, now=now)
        line = ngettext("%(count)d hold lifted.", "%(count)d holds lifted.", lifted) % {"count": lifted}
        self.message_user(request, line, messages.SUCCESS)


@admin.register(Release)
class ReleaseAdmin(_EnteredOnce):
    form = ReleaseForm
    list_display = ["released_at", "authority", "account", "person", "what"]
    ordering = ["-released_at", "-pk"]
    added = [
        *("account", "person", "authority", "basis", "reference", "kinds", "scope", "from_on", "until_on", "released_at"),
        *("secret_until", "secret_basis", "reason"),
    ]
    fields = [
        *("account", "person", "authority", "basis", "reference", "what", "scope", "from_on", "until_on", "released_at"),
        *("secret_until", "secret_basis", "approved_by"),
    ]


@admin.register(SweepRun)
class SweepRunAdmin(_OnlyToRead):
    list_display = ["begun_at", "kind", "finished_at", "done", "held", "faults"]
    list_filter = ["kind"]
    ordering = ["-begun_at", "-pk"]
    fields = ["kind", "begun_at", "finished_at", "cutoffs", "counts", "faults"]
    readonly_fields = fields

    @admin.display(description=_("erased or deleted"))
    def done(self, run: SweepRun) -> int:
        return run.total("erased", "deleted", "lines_deleted")

    @admin.display(description=_("held"))
    def held(self, run: SweepRun) -> int:
        return run.total("held")
