"""The amounts of an account: everybody of it sees them, owners and who looks after the bills set them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bonafide.accounts.access import members_only
from bonafide.accounts.models import Account, Membership
from bonafide.billing.budgets.forms import BudgetForm
from bonafide.billing.budgets.tell import HEARS
from bonafide.billing.models import Budget
from bonafide.periods import Month
from bonafide.pricing.prices_in_force import price_book

MOST = 10


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def budgets(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The amounts with when this month reached them, and a form for a further one."""
    may_set = membership.role in HEARS
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    account, now = membership.account, timezone.now()
    month = Month.of(now, settings.OPERATOR.zone)
    currency = _currency(account, month)
    form = BudgetForm(request.POST or None, currency=currency)
    mine = Budget.objects.filter(account=account)
    full = mine.count() >= MOST
    if request.method == "POST" and form.is_valid() and not full:
        Budget.objects.get_or_create(account=account, currency=currency, amount_minor=form.minor, defaults={"set_at": now})
        messages.success(request, _("Saved. You hear of it when a month reaches it."))
        return redirect("budgets")
    reached = dict(mine.filter(reached__month=month.key).values_list("pk", "reached__at"))
    rows = [(budget, reached.get(budget.pk)) for budget in mine.order_by("currency", "amount_minor")]
    given = {"rows": rows, "form": form if may_set and not full else None, "may_set": may_set, "most": MOST, "month": month}
    return render(request, "billing/budgets.html", given)


@require_POST
@members_only
def remove_budget(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Take an amount away; nothing is written about it any more."""
    budget = get_object_or_404(Budget, account=membership.account, pk=pk)
    if membership.role not in HEARS:
        raise PermissionDenied
    budget.delete()
    messages.success(request, _("Taken away."))
    return redirect("budgets")


def _currency(account: Account, month: Month) -> str:
    """What the account is billed in this month; the operator's own while it has no plan."""
    plan = price_book(month=month, zone=settings.OPERATOR.zone).plan_for(account.pk)
    return plan.currency if plan else str(settings.OPERATOR.billing.currency)
