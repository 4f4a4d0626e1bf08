"""Staff see what follows unpaid bills in the next days, and pause it for an account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bonafide.accounts.models import Account
from bonafide.in_force import operator_now
from bonafide.payments.dunning.forms import PauseForm
from bonafide.payments.dunning.models import DunningStep, PauseEntry
from bonafide.payments.dunning.pause import PauseRefused, pause, resume
from bonafide.payments.dunning.preview import Coming, Waiting, preview
from bonafide.payments.dunning.state import suspension_of
from bonafide.sign_in.staff_only import staff_who_may

DAYS = (7, 14, 30)
ROWS = 50


@require_safe
@staff_who_may("payments_dunning.view_dunningstep")
def dunning(request: HttpRequest) -> HttpResponse:
    """Every account and step of the next days."""
    chosen = request.GET.get("days", "")
    days = int(chosen) if chosen in {str(each) for each in DAYS} else DAYS[0]
    now = timezone.now()
    operator = operator_now(now=now)
    found = preview(operator=operator, now=now, days=days)
    page = Paginator([*found.coming, *found.waiting], ROWS).get_page(request.GET.get("page"))
    given = {
        "page": page,
        "coming": [row for row in page if isinstance(row, Coming)],
        "waiting": [row for row in page if isinstance(row, Waiting)],
        "days": days,
        "choices": DAYS,
        "dunning": operator.dunning,
    }
    return TemplateResponse(request, "dunning/preview.html", given)


@require_safe
@staff_who_may("payments_dunning.view_dunningstep")
def dunning_account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: what comes, what was done, and who paused it when."""
    account = get_object_or_404(Account.objects.real(), pk=pk)
    return TemplateResponse(request, "dunning/account.html", _account(account, PauseForm()))


@staff_who_may("payments_dunning.add_pauseentry")
@require_POST
def pause_dunning(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing happens to the account for a while."""
    account = get_object_or_404(Account.objects.real(), pk=pk)
    form = PauseForm(request.POST)
    if not form.is_valid():
        return TemplateResponse(request, "dunning/account.html", _account(account, form))
    try:
        pause(
            account=account,
            reason=form.cleaned_data["reason"],
            until_on=form.cleaned_data["until_on"],
            by=request.user,  # type: ignore[arg-type]  # staff are signed in
            operator=settings.OPERATOR,
            now=timezone.now(),
        )
    except PauseRefused:
        form.add_error("until_on", _("Choose today or a later day."))
        return TemplateResponse(request, "dunning/account.html", _account(account, form))
    messages.success(request, _("Paused: nothing follows its unpaid bills for now."))
    return redirect("dunning_account", account.pk)


@staff_who_may("payments_dunning.add_pauseentry")
@require_POST
def resume_dunning(request: HttpRequest, pk: int) -> HttpResponse:
    """What is overdue is followed up again."""
    account = get_object_or_404(Account.objects.real(), pk=pk)
    if resume(account=account, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now()):  # type: ignore[arg-type]
        messages.success(request, _("It goes on, with days to pay before anything is suspended."))
    return redirect("dunning_account", account.pk)


def _account(account: Account, form: PauseForm) -> dict[str, Any]:
    now = timezone.now()
    operator = operator_now(now=now)
    found = preview(operator=operator, now=now, days=60, accounts=[account.pk])
    entries = list(PauseEntry.objects.filter(account=account).select_related("by").order_by("-at", "-pk"))
    today = now.astimezone(operator.zone).date()
    last = entries[0] if entries else None
    done = DunningStep.objects.filter(case__account=account, done_at__isnull=False).prefetch_related("bills__invoice")
    return {
        "account": account,
        "coming": found.coming,
        "waiting": found.waiting,
        "steps": done.order_by("-done_at"),
        "entries": entries,
        "paused": last if last and last.pauses and (last.until_on is None or last.until_on >= today) else None,
        "suspension": suspension_of(account),
        "form": form,
    }
