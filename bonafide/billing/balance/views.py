"""What an account has in advance: everybody of it sees it, owners and who looks after the bills redeem codes."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bonafide.accounts.access import members_only
from bonafide.accounts.models import Membership
from bonafide.billing.balance.codes import NotRedeemed, redeem
from bonafide.billing.balance.forms import RedeemForm
from bonafide.billing.balance.statement import charges_waiting, movements_of, sums_of
from bonafide.billing.budgets.tell import HEARS
from bonafide.money import format_minor
from bonafide.sign_in.limits import APP, too_many, wait_seconds
from bonafide.web.templatetags.web import language

PER_PAGE = 50
ACTION = "redeem_code"


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def balance(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What is left of each kind, what expires when, every movement, and a form for a code."""
    may_redeem, account = membership.role in HEARS, membership.account
    if request.method == "POST" and not may_redeem:
        raise PermissionDenied
    form = RedeemForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _redeemed(request, membership, form):
        return redirect("balance")
    given = {
        "sums": sums_of(account=account),
        "charges": [(charge, charge.text(language())) for charge in charges_waiting(account=account)],
        "page": Paginator(movements_of(account=account), PER_PAGE).get_page(request.GET.get("page")),
        "form": form if may_redeem else None,
    }
    return render(request, "billing/balance.html", given)


def _redeemed(request: HttpRequest, membership: Membership, form: RedeemForm) -> bool:
    """Whether the code gave something; else the form says why not. Tries are counted: codes are not to be guessed."""
    now = timezone.now()
    if not ratelimit.consume(request, app=APP, action=ACTION):
        form.add_error("code", too_many(wait_seconds(request=request, action=ACTION, key=None, now=now)))
        return False
    try:
        grant = redeem(account=membership.account, code=form.cleaned_data["code"], operator=settings.OPERATOR, now=now)
    except NotRedeemed as refusal:
        form.add_error("code", str(refusal))
        return False
    amount = format_minor(grant.amount_minor, grant.currency, language())
    messages.success(request, _("Redeemed: %(amount)s before VAT come off your next bills.") % {"amount": amount})
    return True
