"""Staff see every order, withdrawal and cancellation, and what is left to do by when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.notices import mark_done, match_by_hand
from bonafide.errors import Refused
from bonafide.money import format_minor


@admin.register(Contract)
class ContractAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """As they were concluded; nothing is changed here."""

    list_display = [
        "reference",
        "account",
        "plan",
        "ordered_at",
        "price",
        "starts_on",
        "withdraw_until",
        "withdrawn_at",
        "last_on",
    ]
    list_filter = ["plan", "consumer", ("last_on", admin.EmptyFieldListFilter)]
    list_select_related = ["account", "plan"]
    search_fields = ["reference", "email", "account__reference", "account__name"]
    ordering = ["-ordered_at"]
    exclude = ["key"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(ordering="price_minor", description=_("a month, with VAT"))
    def price(self, contract: Contract) -> str:
        return format_minor(contract.price_minor, contract.currency, "en")


class ToDo(admin.SimpleListFilter):
    """What is left, first of all."""

    title, parameter_name = _("to do"), "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("left to do"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        return queryset.filter(due_on__isnull=False, done_at=None) if self.value() else queryset


class NoticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The contract that is meant, for a notice that named none; or what was done."""

    done_how = forms.CharField(
        required=False,
        max_length=300,
        label=_("What was done"),
        help_text=_("Such as the reference of the transfer, or how you answered. Empty when you choose the contract."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("contract") and not values.get("done_how"):
            raise ValidationError(_("Choose the contract, or say what was done."))
        if not self.errors:
            try:
                with transaction.atomic():  # tried and undone, so that a refusal is an error of the form
                    self.write(values, by=None)
                    transaction.set_rollback(True)
            except Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return values

    def write(self, values: dict[str, Any], *, by: Any) -> None:
        """Do what the form says."""
        now = timezone.now()  # noqa: TID251 - the admin is a view
        notice = Notice.objects.get(pk=self.instance.pk)
        if values.get("done_how"):
            mark_done(notice=notice, how=values["done_how"], by=by, now=now)
        else:
            match_by_hand(notice=notice, contract=values["contract"], operator=settings.OPERATOR, by=by, now=now)


@admin.register(Notice)
class NoticeAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """What is to be done comes first, by its last day."""

    form = NoticeForm
    fields = [
        "reference", "kind", "received_at", "name", "email", "contract_said", "wanted_on", "reason", "account", "last_on",
        "kept", "refund", "task", "due_on", "done_at", "done_by", "contract", "done_how",
    ]  # fmt: skip
    list_display = [
        "reference",
        "kind",
        "received_at",
        "name",
        "account",
        "contract",
        "last_on",
        "refund",
        "left",
        "by",
        "done_at",
    ]
    list_filter = [ToDo, "kind", "task"]
    list_select_related = ["account", "contract"]
    search_fields = ["reference", "name", "email", "contract_said", "account__reference", "account__name"]
    autocomplete_fields = ["contract"]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [F("done_at").asc(nulls_first=True), F("due_on").asc(nulls_last=True), "-received_at"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        """As long as something is left to do."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or _is_left(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Notice | None = None) -> list[str]:
        kept = [name for name in self.fields if name not in ("contract", "done_how")]
        return kept if obj and obj.task == Notice.Task.MATCH and not obj.contract_id else [*kept, "contract"]

    @admin.display(description=_("to do"))
    def left(self, notice: Notice) -> str:
        return str(notice.get_task_display()) if _is_left(notice) else ""

    @admin.display(ordering="due_on", description=_("to be done until"))
    def by(self, notice: Notice) -> Any:
        return notice.due_on if _is_left(notice) else None

    @admin.display(ordering="refund_minor", description=_("to pay back"))
    def refund(self, notice: Notice) -> str:
        return _money(notice.refund_minor, notice.currency)

    @admin.display(description=_("owed for what was used"))
    def kept(self, notice: Notice) -> str:
        return _money(notice.kept_minor, notice.currency)

    def save_model(self, request: HttpRequest, obj: Notice, form: NoticeForm, change: bool) -> None:  # noqa: FBT001 - Django's
        try:
            form.write(form.cleaned_data, by=request.user)
        except Refused as refusal:  # somebody else was faster
            raise PermissionDenied(str(refusal)) from None
        if obj.task == Notice.Task.MATCH and not form.cleaned_data.get("done_how"):
            messages.info(request, _("Carried out; the letter that says so is on its way."))


def _is_left(notice: Notice) -> bool:
    return notice.due_on is not None and notice.done_at is None


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else format_minor(minor, currency, "en")
