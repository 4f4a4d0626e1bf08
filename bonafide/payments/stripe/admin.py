"""Staff see every attempt to pay, what Stripe told, what moved there, and what does not agree with our books."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bonafide.billing.admin import LookOnly
from bonafide.money import format_minor
from bonafide.payments.stripe.dispute_admin import DisputeAdmin as DisputeAdmin  # registers itself
from bonafide.payments.stripe.models import Attempt, AttemptState, Difference, Hook, Movement
from bonafide.payments.stripe.process import try_again
from bonafide.payments.stripe.refund_admin import RefundAdmin as RefundAdmin  # the same


@admin.register(Attempt)
class AttemptAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["begun_at", "account", "invoice", "way", "amount", "came_to", "code", "moved_at"]
    list_filter = ["state", "way"]
    list_select_related = ["account", "invoice"]
    search_fields = ["invoice__number", "account__reference", "account__name", "intent_id", "session_id", "charge_id"]
    ordering = ["-begun_at"]
    exclude = ["url"]
    list_per_page = 50

    @admin.display(ordering="amount_minor", description=_("amount"))
    def amount(self, attempt: Attempt) -> str:
        return "" if attempt.way == Attempt.Way.SAVE else format_minor(attempt.amount_minor, attempt.currency, "en")

    @admin.display(ordering="state", description=_("state"))
    def came_to(self, attempt: Attempt) -> object:
        saved = attempt.way == Attempt.Way.SAVE and attempt.state == AttemptState.SUCCEEDED
        return _("saved") if saved else attempt.get_state_display()


@admin.register(Hook)
class HookAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["received_at", "kind", "thing", "state", "tries", "said"]
    list_filter = ["state", "kind"]
    search_fields = ["event_id", "thing"]
    ordering = ["-received_at"]
    exclude = ["body"]
    list_per_page = 50
    actions = ["follow_again"]

    @admin.action(description=_("Follow again"))
    def follow_again(self, request: HttpRequest, queryset: QuerySet[Hook]) -> None:
        count = try_again(hooks=list(queryset.values_list("pk", flat=True)), now=timezone.now())  # noqa: TID251 - a view
        self.message_user(
            request, _("%(count)s of them are followed again within a minute.") % {"count": count}, messages.SUCCESS
        )


@admin.register(Movement)
class MovementAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["moved_at", "kind", "source", "amount", "fee"]
    list_filter = ["kind", "currency"]
    search_fields = ["stripe_id", "source"]
    ordering = ["-moved_at", "-pk"]
    list_per_page = 50

    @admin.display(ordering="amount_minor", description=_("amount"))
    def amount(self, movement: Movement) -> str:
        return format_minor(movement.amount_minor, movement.currency, "en")

    @admin.display(ordering="fee_minor", description=_("fee"))
    def fee(self, movement: Movement) -> str:
        return format_minor(movement.fee_minor, movement.currency, "en")


@admin.register(Difference)
class DifferenceAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["said", "found_at", "seen_at", "gone_at"]
    list_filter: list[Any] = [("gone_at", admin.EmptyFieldListFilter)]
    search_fields = ["about", "said"]
    ordering = ["gone_at", "-found_at"]
    list_per_page = 50
