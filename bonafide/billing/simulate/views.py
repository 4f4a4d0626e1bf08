"""Test accounts, for staff: under ``/staff/``, before the back office's own pages. No customer's data stands on them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.accounts.models import Account
from bonafide.billing.models import SimulatedBill
from bonafide.billing.simulate.advance import advance
from bonafide.billing.simulate.change_plan import change_plan
from bonafide.billing.simulate.delete import delete_test_account
from bonafide.billing.simulate.forms import AdvanceForm, NewForm, PlanForm, UseForm, first_of_next
from bonafide.billing.simulate.generate import generate_usage
from bonafide.billing.simulate.make import make_test_account
from bonafide.billing.simulate.show import SimulatedMonth, as_csv, simulated_months
from bonafide.billing.templatetags.bills import short
from bonafide.errors import Refused
from bonafide.money import format_minor
from bonafide.periods import Month
from bonafide.sign_in.staff_only import staff_who_may
from bonafide.web.charts import Chart, Day, draw
from bonafide.web.templatetags.web import language
from bonafide.web.templatetags.web import month as written_month


def _may(request: HttpRequest, what: str) -> bool:
    return bool(request.user.has_perm(f"accounts.{what}_clock"))


def _named(pk: int) -> Account:
    return get_object_or_404(Account.objects.filter(is_test=True).select_related("clock"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_who_may("accounts.view_clock")
def accounts(request: HttpRequest) -> HttpResponse:
    """All of them, and a form for a further one."""
    may_add = _may(request, "add")
    if request.method == "POST" and not may_add:
        raise PermissionDenied
    operator = settings.OPERATOR
    country = operator.identity.country
    form = NewForm(request.POST or None, initial={"country": country, "start": Month.of(timezone.now(), operator.zone).next()})
    if request.method == "POST" and form.is_valid():
        try:
            account = make_test_account(operator=operator, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("test_account", account.pk)
    accounts = Account.objects.filter(is_test=True).select_related("clock").order_by("-pk")
    return render(request, "billing/simulate/accounts.html", {"accounts": accounts, "form": form if may_add else None})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_who_may("accounts.view_clock")
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Its simulated months, and forms that set its clock forward, make usage up and change its plan."""
    account = _named(pk)
    may_change = _may(request, "change")
    asked = request.POST.get("do", "")
    shown = _forms(account, request, asked)
    if request.method == "POST":
        if not may_change or asked not in shown:
            raise PermissionDenied
        if shown[asked].is_valid():
            try:
                messages.success(request, _DO[asked](account, shown[asked].cleaned_data))
            except Refused as refusal:
                shown[asked].add_error(None, str(refusal))
            else:
                return redirect("test_account", pk)
    months = simulated_months(account=account)
    return render(
        request,
        "billing/simulate/account.html",
        {
            "account": account,
            "months": months,
            "plans": account.subscriptions.select_related("plan").order_by("starts_on"),
            "forms": shown if may_change else {},
            "may_delete": _may(request, "delete"),
            **_chart(months),
        },
    )


def _forms(account: Account, request: HttpRequest, asked: str) -> dict[str, forms.Form]:
    running = Month.from_key(account.clock.open_month)
    given = {
        "advance": (AdvanceForm, {"to": first_of_next(running)}),
        "use": (UseForm, {"first": running.first_day, "last": running.last_day}),
        "plan": (PlanForm, {"starts_on": running.first_day}),
    }
    return {
        name: form(request.POST if name == asked else None, initial=initial, prefix=name, auto_id=f"{name}_%s")
        for name, (form, initial) in given.items()
    }


def _advance(account: Account, values: dict[str, Any]) -> str:
    operator = settings.OPERATOR
    bills = advance(account=account, to=datetime.combine(values["to"], time(), tzinfo=operator.zone), operator=operator)
    if not bills:
        return _("Its clock is set. No month ended meanwhile.")
    said = ngettext(
        "Its clock is set. %(count)d month was worked out.", "Its clock is set. %(count)d months were worked out.", len(bills)
    )
    return said % {"count": len(bills)}


def _use(account: Account, values: dict[str, Any]) -> str:
    done = generate_usage(account=account, operator=settings.OPERATOR, now=timezone.now(), **values)
    if not done.accepted:
        return _("That usage was there already.")
    return ngettext("%(count)d event was made up.", "%(count)d events were made up.", done.accepted) % {"count": done.accepted}


def _plan(account: Account, values: dict[str, Any]) -> str:
    change_plan(account=account, **values)
    return _("Its plan is changed from that day on.")


_DO = {"advance": _advance, "use": _use, "plan": _plan}


def _chart(months: list[SimulatedMonth]) -> dict[str, object]:
    """The months before VAT as bars; those in the currency of the last one."""
    currency = next((month.bill.currency for month in reversed(months) if month.bill.currency), "")
    days = []
    for number, one in enumerate(months):
        minor = one.bill.net_minor if one.bill.currency == currency else None
        name = written_month(one.bill.of)
        amount = "–" if minor is None else format_minor(minor, currency, language())
        every = max(1, len(months) // 6)
        tick = f"{one.bill.of.month}/{one.bill.of.year % 100:02d}" if number % every == 0 else ""
        days.append(Day(tick, _("%(day)s: %(amount)s") % {"day": name, "amount": amount}, minor))
    chart: Chart | None = draw(days=days, scale_text=lambda minor: short(minor, currency), tick_every=1) if days else None
    return {"chart": chart, "says": _("Simulated months before VAT")}


@require_safe
@staff_who_may("accounts.view_clock")
def simulated_month(request: HttpRequest, pk: int, month: Month) -> HttpResponse:
    """One simulated month, line by line."""
    account = _named(pk)
    bill = get_object_or_404(SimulatedBill, account=account, month=month.key)
    return render(request, "billing/simulate/month.html", {"account": account, "bill": bill, "month": month})


@require_safe
@staff_who_may("accounts.view_clock")
def simulation_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Every line of every simulated month. Decimal points, no thousands separators."""
    account = _named(pk)
    answer = HttpResponse(as_csv(account=account), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="simulation-{account.pk}.csv"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@staff_who_may("accounts.delete_clock")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and delete it with everything of it."""
    account = _named(pk)
    if request.method == "POST":
        try:
            delete_test_account(account=account)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The test account %(name)s is deleted.") % {"name": account.name})
        return redirect("test_accounts")
    return render(request, "billing/simulate/delete.html", {"account": account})
