"""Staff see what is disputed and until when it is answered; and what is saved and agreed to, which they only look at."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bonafide.billing.admin import LookOnly
from bonafide.money import format_minor
from bonafide.payments.stripe.models import AutoPay, Dispute, Method

DASHBOARD = "https://dashboard.stripe.com"


@admin.register(Dispute)
class DisputeAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["stripe_id", "bill", "amount", "reason", "state", "answer_by", "at_stripe"]
    list_filter = ["state", "reason"]
    search_fields = ["stripe_id", "attempt__invoice__number", "attempt__account__name"]
    ordering = ["-opened_at"]
    fields = ["stripe_id", "bill", "amount", "reason", "state", "answer_by", "opened_at", "moved_at", "at_stripe"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        found: QuerySet[Dispute] = super().get_queryset(request)
        return found.select_related("attempt__invoice", "attempt__account")

    @admin.display(description=_("bill"))
    def bill(self, dispute: Dispute) -> str:
        return str(dispute.attempt.invoice or "")

    @admin.display(description=_("amount"))
    def amount(self, dispute: Dispute) -> str:
        return format_minor(dispute.amount_minor, dispute.attempt.currency, "en")

    @admin.display(description=_("at Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString:
        test = "" if "_live_" in settings.STRIPE_SECRET_KEY else "/test"
        return format_html('<a href="{}">{}</a>', f"{DASHBOARD}{test}/disputes/{dispute.stripe_id}", _("answer it there"))


@admin.register(Method)
class MethodAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["__str__", "account", "kind", "mandate", "is_default", "saved_at", "removed_at"]
    list_filter = ["kind"]
    list_select_related = ["account"]
    search_fields = ["account__reference", "account__name", "mandate"]
    ordering = ["-pk"]
    exclude = ["stripe_id"]


@admin.register(AutoPay)
class AutoPayAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Consents and their words: the proof of what was agreed to."""

    list_display = ["account", "method", "agreed_by", "agreed_at", "ended_at"]
    list_select_related = ["account", "method", "agreed_by"]
    search_fields = ["account__reference", "account__name"]
    ordering = ["-pk"]
