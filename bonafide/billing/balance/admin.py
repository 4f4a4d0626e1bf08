"""Staff grant, look, withdraw what is unused, make voucher codes, and charge once. Nothing is changed afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from bonafide.billing.balance.codes import make_code, stop_code
from bonafide.billing.balance.grant import GrantRefused, grant, withdraw
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, OneOff, Taken, VoucherCode
from bonafide.billing.balance.one_off import ChargeRefused, charge_once, withdraw_charge
from bonafide.errors import Refused
from bonafide.money import exponent, format_minor, scaled


def _key() -> str:
    return f"staff {uuid4()}"


def _of_books() -> str:
    return str(settings.OPERATOR.billing.currency)


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    """Given to a step, which is tried first: what it would refuse is said above the form."""

    def step(self, values: dict[str, Any], by: Any) -> Model:
        """:raises Refused: naming what is wrong."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                with transaction.atomic():
                    self.step(values, None)
                    transaction.set_rollback(True)
            except Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return values

    def validate_unique(self) -> None:
        """The step itself says what the same key twice is."""

    def _post_clean(self) -> None:
        """The step itself checks the row."""


class AmountForm(StepForm):
    """An amount as people write it. The key makes a second press harmless."""

    amount = forms.DecimalField(max_digits=15, min_value=Decimal("0.001"))
    currency = forms.CharField(max_length=3, initial=_of_books)
    key = forms.CharField(widget=forms.HiddenInput, initial=_key)


def _minor(values: dict[str, Any]) -> int:
    try:
        return scaled(values["amount"], exponent(values["currency"]))
    except ValueError as error:
        raise GrantRefused(str(error)) from None


class AddedOnly(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Added by a step of this package, then only looked at."""

    ordering = ["-pk"]
    shown: list[str] = []

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return list(self.fields) if obj is None else self.shown

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        try:
            obj.pk = form.step(form.cleaned_data, request.user).pk
        except Refused as refusal:
            raise PermissionDenied(str(refusal)) from None


class TakenInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Taken
    fields = ["taken_on", "kind", "amount_minor", "invoice", "reason"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class GrantForm(AmountForm):
    reason = forms.CharField(max_length=200, help_text=_("The customer reads it, and the bill says it."))
    starts_on = forms.DateField(required=False, help_text=_("Today, when empty; for money in advance the day it came."))
    expires_on = forms.DateField(
        required=False, help_text=_("A bill uses what holds on the last day of its month. Money in advance should not expire.")
    )
    means = forms.CharField(required=False, max_length=40, help_text=_("Of money in advance alone: transfer, card."))
    reference = forms.CharField(required=False, max_length=120, help_text=_("Of money in advance alone: the bank\u2019s own id."))

    def step(self, values: dict[str, Any], by: Any) -> Model:
        names = ("account", "kind", "currency", "reason", "starts_on", "expires_on", "means", "reference", "key")
        known = {name: values[name] for name in names}
        now = timezone.now()  # noqa: TID251 - the admin is a view
        return grant(**known, amount_minor=_minor(values), operator=settings.OPERATOR, now=now, by=by)


@admin.register(Grant)
class GrantAdmin(AddedOnly):
    form = GrantForm
    fields = ["account", "kind", "amount", "currency", "reason", "starts_on", "expires_on", "means", "reference", "key"]
    shown = ["account", "kind", "amount", "left", "reason", "starts_on", "expires_on", "code", "made_by", "made_at"]
    readonly_fields: list[str] = []
    list_display = ["account", "kind", "amount", "left", "reason", "expires_on", "made_at"]
    list_filter = ["kind", "currency"]
    list_select_related = ["account", "code", "made_by"]
    search_fields = ["account__reference", "account__name", "reason", "reference", "code__code"]
    autocomplete_fields = ["account"]

    def get_inlines(self, request: HttpRequest, obj: Grant | None = None) -> list[type[TabularInline]]:
        return [] if obj is None else [TakenInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        found: QuerySet[Grant] = with_left(super().get_queryset(request))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Grant | None = None) -> list[str]:
        return [] if obj is None else ["amount", "left"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, row: Grant) -> str:
        return format_minor(row.amount_minor, row.currency, "en")

    @admin.display(description=_("left"))
    def left(self, row: Any) -> str:
        return format_minor(row.left_minor, row.currency, "en")


class WithdrawForm(StepForm):
    """Of which grant, and why."""

    reason = forms.CharField(max_length=200, help_text=_("The customer reads it."))
    means = forms.CharField(required=False, max_length=40, help_text=_("How money in advance goes back: transfer, card."))
    reference = forms.CharField(required=False, max_length=120, help_text=_("The bank\u2019s own id of that payment."))

    def step(self, values: dict[str, Any], by: Any) -> Model:
        known = {name: values[name] for name in ("grant", "reason", "means", "reference")}
        return withdraw(**known, operator=settings.OPERATOR, now=timezone.now(), by=by)  # noqa: TID251 - the admin is a view


@admin.register(Taken)
class TakenAdmin(AddedOnly):
    """What is unused of a grant is withdrawn here; the rest are bills and what expired."""

    form = WithdrawForm
    fields = ["grant", "reason", "means", "reference"]
    shown = ["grant", "kind", "amount", "invoice", "taken_on", "reason", "made_by", "made_at"]
    list_display = ["grant", "kind", "amount", "invoice", "taken_on", "reason"]
    list_filter = ["kind"]
    list_select_related = ["grant", "grant__account", "invoice", "made_by"]
    search_fields = ["grant__account__reference", "invoice__number"]
    autocomplete_fields = ["grant"]

    def get_readonly_fields(self, request: HttpRequest, obj: Taken | None = None) -> list[str]:
        return [] if obj is None else ["amount"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, row: Taken) -> str:
        return format_minor(row.amount_minor, row.grant.currency, "en")


class CodeForm(AmountForm):
    key = None  # type: ignore[assignment]  # the code itself is one

    def step(self, values: dict[str, Any], by: Any) -> Model:
        known = {name: values[name] for name in ("code", "currency", "redemptions", "redeem_until", "lasts_months", "plan")}
        return make_code(**known, amount_minor=_minor(values), now=timezone.now(), by=by)  # noqa: TID251 - the admin is a view


@admin.register(VoucherCode)
class VoucherCodeAdmin(AddedOnly):
    form = CodeForm
    fields = ["code", "amount", "currency", "redemptions", "redeem_until", "lasts_months", "plan"]
    shown = [*fields, "made_by", "made_at", "stopped_at"]
    list_display = ["code", "amount", "redemptions", "redeem_until", "lasts_months", "plan", "stopped_at"]
    search_fields = ["code"]
    actions = ["stop"]

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("billing.change_vouchercode"))

    def get_readonly_fields(self, request: HttpRequest, obj: VoucherCode | None = None) -> list[str]:
        return [] if obj is None else ["amount"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, row: VoucherCode) -> str:
        return format_minor(row.amount_minor, row.currency, "en")

    @admin.action(description=_("Stop these codes"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[VoucherCode]) -> None:
        now = timezone.now()  # noqa: TID251 - the admin is a view
        count = sum(stop_code(code=code, now=now) for code in queryset)
        self.message_user(request, ngettext("%(count)d code stopped.", "%(count)d codes stopped.", count) % {"count": count})


class OneOffForm(AmountForm):
    amount = forms.DecimalField(max_digits=20, min_value=Decimal("0.000001"), help_text=_("The price of one, as in the plan."))
    quantity = forms.DecimalField(max_digits=20, min_value=Decimal("0.000001"), initial=Decimal(1))
    text_en = forms.CharField(max_length=200, help_text=_("What the bill says in English."))
    text_fr = forms.CharField(max_length=200, help_text=_("The same in French."))
    currency = forms.CharField(required=False, max_length=3, help_text=_("That of the account\u2019s plan, when empty."))
    sort = forms.CharField(max_length=30, initial="standard", help_text=_("As the operator\u2019s file names it."))

    def step(self, values: dict[str, Any], by: Any) -> Model:
        names = ("account", "quantity", "text_en", "text_fr", "charged_on", "currency", "sort", "key")
        known = {name: values[name] for name in names}
        now = timezone.now()  # noqa: TID251 - the admin is a view
        return charge_once(**known, unit_price=values["amount"], operator=settings.OPERATOR, now=now, by=by)


@admin.register(OneOff)
class OneOffAdmin(AddedOnly):
    form = OneOffForm
    fields = ["account", "amount", "quantity", "currency", "text_en", "text_fr", "charged_on", "sort", "key"]
    shown = [
        *("account", "quantity", "unit_price", "sum", "text_en", "text_fr", "charged_on", "sort", "bill"),
        *("made_by", "made_at", "withdrawn_at"),
    ]
    list_display = ["account", "text_en", "sum", "charged_on", "bill", "withdrawn_at"]
    list_select_related = ["account", "billed__invoice", "made_by"]
    search_fields = ["account__reference", "account__name", "text_en"]
    autocomplete_fields = ["account"]
    actions = ["withdraw_these"]

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("billing.change_oneoff"))

    def get_readonly_fields(self, request: HttpRequest, obj: OneOff | None = None) -> list[str]:
        return [] if obj is None else ["sum", "bill"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def sum(self, row: OneOff) -> str:
        return format_minor(row.amount_minor, row.currency, "en")

    @admin.display(description=_("bill"))
    def bill(self, row: OneOff) -> str:
        return str(row.billed.invoice.number) if hasattr(row, "billed") else ""

    @admin.action(description=_("Withdraw these charges"), permissions=["withdraw"])
    def withdraw_these(self, request: HttpRequest, queryset: QuerySet[OneOff]) -> None:
        now, done = timezone.now(), 0  # noqa: TID251 - the admin is a view
        for charge in queryset.filter(withdrawn_at=None):
            try:
                done += withdraw_charge(charge=charge, now=now)
            except ChargeRefused as refusal:
                self.message_user(request, f"{charge}: {refusal}", messages.ERROR)
        if done:
            self.message_user(
                request, ngettext("%(count)d charge withdrawn.", "%(count)d charges withdrawn.", done) % {"count": done}
            )
