"""The contracts of an account, as they were concluded."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.accounts.access import members_only, of_this_account
from bonafide.accounts.models import Membership
from bonafide.contracts.match import of_account
from bonafide.contracts.models import Contract
from bonafide.contracts.offers import offered_plans
from bonafide.contracts.summary import Summary


@require_safe
@members_only
def contracts(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every contract with its state, and the ways out of those that run."""
    today = timezone.now().astimezone(settings.OPERATOR.zone).date()
    mine = Contract.objects.filter(account=membership.account).select_related("plan").order_by("-ordered_at")
    rows = [(one, one.may_withdraw(today), one.has_ended(today)) for one in mine.defer("summary")]
    return render(
        request,
        "contracts/contracts.html",
        {
            "rows": rows,
            "today": today,
            "matched": of_account(account=membership.account, today=today),
            "offered": offered_plans().exists(),
        },
    )


@require_safe
@members_only
@of_this_account(Contract, "plan")
def contract(request: HttpRequest, membership: Membership, contract: Contract) -> HttpResponse:
    """One of them, word for word as it was shown."""
    today = timezone.now().astimezone(settings.OPERATOR.zone).date()
    given = {
        "contract": contract,
        "summary": Summary(contract.summary).parts if contract.summary else None,
        "may_withdraw": contract.may_withdraw(today),
        "ended": contract.has_ended(today),
        "notices": contract.notices.order_by("received_at"),
    }
    return render(request, "contracts/contract.html", given)
