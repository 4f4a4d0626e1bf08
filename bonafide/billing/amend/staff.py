"""Pages of the back office on which a bill is taken back, replaced or given up: first what it would be, then the deed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bonafide.billing.amend.forms import CreditForm, GiveUpForm, OnBill, RectifyForm
from bonafide.billing.amend.give_up import give_up, loseable
from bonafide.billing.amend.rectify import preview_rectified, rectify
from bonafide.billing.correct import credit, preview_credit
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.money import format_minor

Row = tuple[str, str, str]


@require_http_methods(["GET", "POST"])
def credit_page(request: HttpRequest, object_id: str) -> HttpResponse:
    """Take back lines, an amount, or all that is left."""
    invoice = _invoice(request, object_id)
    form = CreditForm(invoice, request.POST or None)

    def preview() -> list[Row]:
        found = preview_credit(invoice=invoice, net_minor=form.net_minor, lines=form.lines, today=_today())
        lines = [
            (str(line["text"]), _money(line["net_minor"] if line["gross_minor"] is None else line["gross_minor"], invoice), "")
            for line in found.lines
        ]
        taxes = [
            (_("VAT %(rate)s %%") % {"rate": tax["rate"]}, _money(tax["tax_minor"], invoice), _money(tax["base_minor"], invoice))
            for tax in found.taxes
        ]
        return [
            *lines,
            (_("Before VAT"), _money(found.net_minor, invoice), ""),
            *taxes,
            (_("Total"), _money(found.total_minor, invoice), ""),
            (_("Stays open on the bill"), _money(found.open_minor, invoice), ""),
            (_("To be paid back"), _money(found.paid_back_minor, invoice), ""),
        ]

    def act() -> tuple[Invoice, str]:
        made = credit(
            invoice=invoice,
            net_minor=form.net_minor,
            lines=form.lines,
            reason=form.cleaned_data["reason"],
            key=form.cleaned_data["key"],
            operator=settings.OPERATOR,
            now=timezone.now(),  # noqa: TID251 - a view
            by=request.user,  # type: ignore[arg-type]
        )
        return made, _("Credit note %(number)s is issued.") % {"number": made.number}

    return _page(request, form, _("Take back by a credit note"), preview, act)


@require_http_methods(["GET", "POST"])
def rectify_page(request: HttpRequest, object_id: str) -> HttpResponse:
    """Replace a wrong bill by a corrected one."""
    invoice = _invoice(request, object_id)
    form = RectifyForm(invoice, request.POST or None)

    def preview() -> list[Row]:
        found = preview_rectified(invoice=invoice, changes=form.changes, operator=settings.OPERATOR)
        before, after = found.before, found.after
        return [
            *((name.replace("_", " "), was, now) for name, was, now in found.buyer),
            *((_("Line %(position)s") % {"position": at}, was, now or _("left out")) for at, was, now in found.lines),
            (_("VAT"), found.treatment_before, after.treatment.key),
            (_("Before VAT"), _money(before.net_minor, invoice), _money(after.net_minor, invoice)),
            (_("VAT"), _money(before.tax_minor, invoice), _money(after.tax_minor, invoice)),
            (_("Total"), _money(before.total_minor, invoice), _money(after.total_minor, invoice)),
            (_("Paid, and goes over"), "", _money(found.carried_minor, invoice)),
            (_("Then open"), "", _money(found.open_minor, invoice)),
            (_("To be paid back"), "", _money(found.paid_back_minor, invoice)),
        ]

    def act() -> tuple[Invoice, str]:
        made = rectify(
            invoice=invoice,
            reason=form.cleaned_data["reason"],
            key=form.cleaned_data["key"],
            operator=settings.OPERATOR,
            now=timezone.now(),  # noqa: TID251 - a view
            changes=form.changes,
            by=request.user,  # type: ignore[arg-type]
        )
        said = _("Bill %(number)s is issued in the place of %(before)s.") % {"number": made.number, "before": invoice.number}
        return made, said

    return _page(request, form, _("Replace by a corrected bill"), preview, act)


@require_http_methods(["GET", "POST"])
def give_up_page(request: HttpRequest, object_id: str) -> HttpResponse:
    """Give up in the books what will not be paid."""
    invoice = _invoice(request, object_id)
    form = GiveUpForm(invoice, request.POST or None)

    def preview() -> list[Row]:
        left = loseable(invoice=invoice)
        amount = left if form.amount_minor is None else form.amount_minor
        return [
            (_("Open and not given up yet"), _money(left, invoice), ""),
            (_("Given up in the books"), _money(amount, invoice), ""),
            (_("Still expected"), _money(left - amount, invoice), ""),
        ]

    def act() -> tuple[Invoice, str]:
        made = give_up(
            invoice=invoice,
            amount_minor=form.amount_minor,
            reason=form.cleaned_data["reason"],
            key=form.cleaned_data["key"],
            operator=settings.OPERATOR,
            now=timezone.now(),  # noqa: TID251 - a view
            by=request.user,  # type: ignore[arg-type]
        )
        return invoice, _("%(amount)s is given up in the books.") % {"amount": _money(made.amount_minor, invoice)}

    return _page(request, form, _("Give up in the books"), preview, act)


def _page(request: HttpRequest, form: OnBill, title: str, preview: Any, act: Any) -> HttpResponse:
    """The form; with good values what they come to; and once that was seen and confirmed, the deed."""
    rows: list[Row] = []
    if form.is_bound and form.is_valid():
        try:
            if "confirm" in request.POST and form.cleaned_data["seen"] == form.digest():
                made, said = act()
                messages.success(request, said)
                return HttpResponseRedirect(reverse("admin:billing_invoice_change", args=[made.pk]))
            rows = preview()
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        **admin.site.each_context(request),
        "title": f"{title}: {form.invoice.number}",
        "opts": Invoice._meta,
        "form": form,
        "invoice": form.invoice,
        "rows": rows,
        "seen": form.digest() if rows else "",
        "back": reverse("admin:billing_invoice_change", args=[form.invoice.pk]),
        "do": title,
    }
    return TemplateResponse(request, "billing/staff/on_bill.html", context)


def _invoice(request: HttpRequest, object_id: str) -> Invoice:
    if not request.user.has_perm("billing.add_correction"):
        raise PermissionDenied
    return get_object_or_404(Invoice.objects.issued().select_related("account"), pk=object_id if object_id.isdigit() else 0)


def _today() -> date:
    return timezone.now().astimezone(settings.OPERATOR.zone).date()  # noqa: TID251 - a view


def _money(minor: int, invoice: Invoice) -> str:
    return format_minor(minor, invoice.currency, "en")
