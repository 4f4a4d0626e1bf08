"""Staff see refunds, and send money back against a credit note: first what it comes to, then the deed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from bonafide.billing.admin import InvoiceAdmin, LookOnly
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.money import format_minor
from bonafide.payments.stripe.client import StripeOff, is_on
from bonafide.payments.stripe.models import Refund
from bonafide.payments.stripe.refund_forms import RefundForm
from bonafide.payments.stripe.refunds import bill_of, send_refund, write_refund
from bonafide.sessions.hold import hold, holds_by_itself

MAY = "payments_stripe.add_refund"
SAID = {
    Refund.State.WRITTEN: _(
        "Stripe gave no answer yet; it is asked again by itself within minutes, and the money goes back once."
    ),
    Refund.State.PENDING: _("The refund is on its way."),
    Refund.State.SUCCEEDED: _("The refund is sent."),
    Refund.State.FAILED: _("Stripe refused the refund; nothing went back."),
}


@admin.register(Refund)
class RefundAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A list to look at; a refund is begun from its credit note."""

    list_display = ["credit_note", "amount", "state", "asked_by", "asked_at", "code"]
    list_filter = ["state"]
    search_fields = ["credit_note__number", "stripe_id", "attempt__intent_id"]
    ordering = ["-pk"]
    fields = ["credit_note", "attempt", "amount", "state", "stripe_id", "code", "asked_by", "asked_at", "moved_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        found: QuerySet[Refund] = super().get_queryset(request)
        return found.select_related("credit_note", "attempt", "asked_by")

    @admin.display(description=_("amount"))
    def amount(self, refund: Refund) -> str:
        return format_minor(refund.amount_minor, refund.attempt.currency, "en")


class WithRefund(InvoiceAdmin):
    """Bills as billing shows them, and from a credit note the way to its refund: billing knows no provider."""

    actions_detail = [*InvoiceAdmin.actions_detail, "refund"]

    @holds_by_itself
    @action(description=_("Send money back"), url_path="refund")  # type: ignore[untyped-decorator]  # unfold has no types
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return refund_page(request, object_id)


admin.site.unregister(Invoice)
admin.site.register(Invoice, WithRefund)


def refund_page(request: HttpRequest, object_id: str) -> HttpResponse:
    """How much can go back, of which payment; what it comes to; and once that was seen and confirmed, the deed."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied
    whole = Invoice.objects.issued().select_related("account", "correction__original")
    note = get_object_or_404(whole, pk=object_id if object_id.isdigit() else 0)
    back = reverse("admin:billing_invoice_change", args=[note.pk])
    try:
        if not is_on():
            raise StripeOff("payment by Stripe is off, so nothing can be sent back by it")
        bill, form = bill_of(credit_note=note), RefundForm(note, request.POST or None)
        if not form.found:
            raise Refused(
                f"nothing of bill {bill.number} can go back by Stripe against {note.number}: nothing paid by it is too much"
            )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    rows: list[tuple[str, str, str]] = []
    if form.is_bound and form.is_valid():
        minor, attempt = form.cleaned_data["minor"], form.cleaned_data["attempt"]
        if "confirm" in request.POST and form.cleaned_data["seen"] == form.digest():
            try:
                return _send(request, form, note)
            except Refused as refusal:
                form.add_error(None, str(refusal))
        else:
            rows = [
                (str(_("Goes back")), format_minor(minor, note.currency, "en"), attempt.intent_id or ""),
                (str(_("For bill")), bill.number or "", ""),
            ]
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"{_('Send money back')}: {note.number}",
        "opts": Invoice._meta,
        "form": form,
        "invoice": note,
        "rows": rows,
        "seen": form.digest() if rows else "",
        "back": back,
        "do": _("Send it back"),
    }
    return TemplateResponse(request, "billing/staff/on_bill.html", context)


def _send(request: HttpRequest, form: RefundForm, note: Invoice) -> HttpResponse:
    values, now = form.cleaned_data, timezone.now()  # noqa: TID251 - a view
    with transaction.atomic():
        hold(request)
        if not request.user.has_perm(MAY):
            raise PermissionDenied
        made = write_refund(
            credit_note=note,
            attempt=values["attempt"],
            amount_minor=values["minor"],
            key=values["key"],
            by=request.user,  # type: ignore[arg-type]
            now=now,
        )
    sent = send_refund(refund=made, operator=settings.OPERATOR, now=now)
    state = Refund.State(sent.state)
    level = messages.SUCCESS if state in (Refund.State.PENDING, Refund.State.SUCCEEDED) else messages.WARNING
    messages.add_message(request, level, str(SAID[state]))
    return HttpResponseRedirect(reverse("admin:payments_stripe_refund_change", args=[sent.pk]))
