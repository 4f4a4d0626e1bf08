"""The plans on offer, and the page with the button that obliges."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.accounts.access import owners_only
from bonafide.accounts.current import current_membership
from bonafide.accounts.models import Membership
from bonafide.billing.lines import Unbillable
from bonafide.contracts.forms import OrderForm
from bonafide.contracts.models import Contract
from bonafide.contracts.offers import offered_plans, offers_for
from bonafide.contracts.order import Changed, OrderRefused, place_order, show
from bonafide.errors import Refused
from bonafide.in_force import operator_now
from bonafide.web.templatetags.web import language


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """What is on offer, at the prices that the account pays; to whoever is not signed in as to a person at home."""
    membership = current_membership(request)
    account = membership.account if membership else None
    now = timezone.now()
    try:
        offers = offers_for(account=account, language=language(), operator=settings.OPERATOR, now=now)
        stopped = False
    except Unbillable:
        offers, stopped = [], True
    today = now.astimezone(settings.OPERATOR.zone).date()
    running = Contract.objects.filter(account=account).running(today).select_related("plan") if account else []
    return render(
        request,
        "contracts/plans.html",
        {
            "offers": offers,
            "stopped": stopped,
            "running": running,
            "may_order": membership is None or membership.role == Membership.Role.OWNER,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owners_only
def order(request: HttpRequest, membership: Membership, code: str) -> HttpResponse:
    """Everything the law wants read before, then the button; POST concludes the contract."""
    plan, account = get_object_or_404(offered_plans(), code=code), membership.account
    now = timezone.now()
    operator = operator_now(now=now)
    try:
        shown = show(account=account, plan=plan, language=language(), operator=operator, now=now)
    except OrderRefused as refusal:
        return render(request, "contracts/cannot_order.html", {"why": str(refusal), "plan": plan.name(language())})
    fresh = {"digest": shown.summary.digest, "key": uuid4()}
    form = OrderForm(request.POST or None, initial=fresh, shown=shown)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = place_order(
                account=account,
                plan=plan,
                user=request.user,  # type: ignore[arg-type]
                language=language(),
                digest=values["digest"],
                begin_at_once=values.get("begin_at_once", False),
                key=str(values["key"]),
                operator=operator,
                now=now,
            )
        except Changed as refusal:
            form = OrderForm(initial=fresh, shown=shown)
            messages.warning(request, str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("contract", pk=made.pk)
    parts = shown.summary.parts
    return render(request, "contracts/order.html", {"shown": shown, "summary": parts, "form": form, "account": account})
