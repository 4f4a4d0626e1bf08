"""The back office of events: what the operator's service was told and took, sending it again, how each endpoint fares."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget

from bonafide.operator_webhooks import Webhook
from bonafide.webhooks.kinds import KINDS, TEST
from bonafide.webhooks.models import Delivery, DeliveryQuerySet, Endpoint
from bonafide.webhooks.replay import replay, replay_since, send_test, switch_on
from bonafide.webhooks.tasks import deliver_soon


class _Kinds(admin.SimpleListFilter):
    """By kind of event, as far as there are any."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in (*(kind.name for kind in KINDS), TEST)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(event__kind=self.value()) if self.value() else queryset


class _Buttons(ModelAdmin):  # type: ignore[misc]
    """A page with buttons and nothing to save: what the workers write meanwhile is never written over."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        for pressed in self.get_actions_submit_line(request, obj.pk):
            if pressed.action_name in request.POST:
                pressed.method(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(_Buttons):
    """Each event with how far it was brought to each endpoint. The button sends it again."""

    list_display = ["kind", "account", "endpoint", "at", "state", "tries", "next_try", "answer"]
    list_display_links = ["kind"]
    list_filter = ["state", "endpoint", _Kinds]
    list_select_related = ["event__account"]
    search_fields = ["event__account__reference"]
    search_help_text = _("The reference of an account")
    ordering = ["-event_id", "endpoint"]
    list_per_page = 50
    fields = ["kind", "account", "endpoint", "at", "known_by", "said", "state", "tries", "tried_at", "next_try", "answer"]
    readonly_fields = fields
    actions = ["send_again"]
    actions_submit_line = ["send_this_again"]

    @admin.display(description=_("kind"), ordering="event__kind")
    def kind(self, row: Delivery) -> str:
        return row.event.kind

    @admin.display(description=_("account"))
    def account(self, row: Delivery) -> str:
        return row.event.account.reference if row.event.account else "\N{EN DASH}"

    @admin.display(description=_("when"), ordering="event_id")
    def at(self, row: Delivery) -> str:
        return _moment(row.event.at)

    @admin.display(description=_("next try"), ordering="try_at")
    def next_try(self, row: Delivery) -> str:
        return _moment(row.try_at) if row.state == Delivery.State.WAITING else "\N{EN DASH}"

    @admin.display(description=_("known there by"))
    def known_by(self, row: Delivery) -> str:
        return row.event.message_id

    @admin.display(description=_("what it says"))
    def said(self, row: Delivery) -> str:
        return format_html("<pre>{}</pre>", json.dumps(row.event.data, indent=2, ensure_ascii=False))

    @admin.action(description=_("Send the selected events again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        sent = replay(deliveries=Delivery.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))), now=_now())
        self.message_user(request, _on_their_way(sent), messages.SUCCESS)

    @action(description=_("Send it again"), permissions=["change_delivery"])
    def send_this_again(self, request: HttpRequest, obj: Delivery) -> None:
        self.message_user(
            request, _on_their_way(replay(deliveries=Delivery.objects.filter(pk=obj.pk), now=_now())), messages.SUCCESS
        )

    def has_change_delivery_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.has_change_permission(request))


class EndpointForm(forms.ModelForm[Endpoint]):
    """One field, for the button that sends again what was told since a day."""

    since = forms.DateField(
        label=_("Send again from this day on"), required=False, widget=UnfoldAdminDateWidget, help_text=_("For the button below.")
    )

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = ()


@admin.register(Endpoint)
class EndpointAdmin(_Buttons):
    """The endpoints of the operator's file, and how each fares. Buttons try it out, send again, switch it on again."""

    form = EndpointForm
    list_display = ["code", "url", "wants", "standing", "waiting", "given_up", "taken_at"]
    ordering = ["code"]
    fields = ["code", "url", "wants", "standing", "waiting", "given_up", "taken_at", "since"]
    readonly_fields = ["code", "url", "wants", "standing", "waiting", "given_up", "taken_at"]
    actions_submit_line = ["try_out", "send_since", "turn_on"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).with_health()

    @admin.display(description=_("address"))
    def url(self, row: Endpoint) -> str:
        named = _named(row.code)
        return named.url if named else gettext("no longer in the operator\u2019s file")

    @admin.display(description=_("is told"))
    def wants(self, row: Endpoint) -> str:
        named = _named(row.code)
        return ", ".join(named.events) if named else "\N{EN DASH}"

    @admin.display(description=_("state"))
    def standing(self, row: Endpoint) -> str:
        if row.off_at is None:
            return gettext("On")
        return gettext("Off since %(when)s: %(why)s") % {"when": _moment(row.off_at), "why": row.off_because}

    @admin.display(description=_("events that wait"))
    def waiting(self, row: Any) -> str:
        if not row.waiting:
            return "0"
        return gettext("%(count)d, since %(when)s") % {"count": row.waiting, "when": _moment(row.waits_since)}

    @admin.display(description=_("events given up"))
    def given_up(self, row: Any) -> int:
        return int(row.failed)

    @action(description=_("Send a test event"), permissions=["change_endpoint"])
    def try_out(self, request: HttpRequest, obj: Endpoint) -> None:
        named = self._still_named(request, obj)
        if named:
            send_test(endpoint=named, now=_now())
            deliver_soon([named.id])
            self.message_user(
                request, _("A test event is on its way; the list of events shows what became of it."), messages.SUCCESS
            )

    @action(description=_("Send again since that day"), permissions=["change_endpoint"])
    def send_since(self, request: HttpRequest, obj: Endpoint) -> None:
        named = self._still_named(request, obj)
        since = forms.DateField().to_python(request.POST.get("since", ""))
        if named and since is None:
            self.message_user(request, _("Nothing was sent: say since which day."), messages.ERROR)
        elif named and since:
            begin = datetime.combine(since, time(), settings.OPERATOR.zone)
            self.message_user(request, _on_their_way(replay_since(endpoint=named, since=begin, now=_now())), messages.SUCCESS)

    @action(description=_("Switch on again"), permissions=["change_endpoint"])
    def turn_on(self, request: HttpRequest, obj: Endpoint) -> None:
        switch_on(endpoint=obj.code, now=_now())
        self.message_user(request, _("It is on: what waits for it goes out now."), messages.SUCCESS)

    def _still_named(self, request: HttpRequest, obj: Endpoint) -> Webhook | None:
        named = _named(obj.code)
        if named is None:
            self.message_user(request, _("The operator\u2019s file does not name this endpoint any more."), messages.ERROR)
        return named

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons; that which switches on only where it is off."""
        off = Endpoint.objects.filter(pk=object_id, off_at__isnull=False).exists()
        return [
            one for one in super().get_actions_submit_line(request, object_id) if off or "turn_on" not in str(one.action_name)
        ]

    def has_change_endpoint_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.has_change_permission(request))


def _named(code: str) -> Webhook | None:
    return next((one for one in settings.OPERATOR.webhooks if one.id == code), None)


def _on_their_way(count: int) -> str:
    return ngettext("%(count)d event is on its way.", "%(count)d events are on their way.", count) % {"count": count}


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")


def _now() -> datetime:
    return timezone.now()  # noqa: TID251 - the admin is a view
