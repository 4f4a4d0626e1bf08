"""Paying a bill: the ways to pay it, the button that leads to Stripe's page, and where one comes back from there."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.models import Membership
from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.amend.rectify import stands_for
from bonafide.billing.budgets.tell import HEARS
from bonafide.billing.models import Invoice
from bonafide.billing.transfer import Transfer, transfer_of
from bonafide.errors import Refused
from bonafide.operator import Bank
from bonafide.payments.stripe.begin import NothingOpen, OnItsWay, begin, methods_for, replaced_by, under_way
from bonafide.payments.stripe.client import StripeRefused, StripeUnanswered, is_on
from bonafide.payments.stripe.follow import follow_attempt
from bonafide.payments.stripe.hooks import LARGEST, HookRefused, take_hook
from bonafide.payments.stripe.models import Attempt, AttemptState
from bonafide.sessions.hold import hold, holds_by_itself

logger = logging.getLogger(__name__)

_NO_ANSWER = _("Stripe does not answer just now. Please try again in a moment.")
_NOT_TAKEN = _("This cannot be paid with Stripe just now. Please pay by transfer, or write to us.")


@holds_by_itself
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """The ways to pay a bill; "pay" leads to Stripe's page. For owners, and who looks after the bills."""
    bill = _bill(request, number)
    if bill.number != number:
        return redirect("pay", number=bill.number)
    said: Any = ""
    if request.method == "POST":
        try:
            return _to_stripe(request, bill)
        except (NothingOpen, OnItsWay, StripeUnanswered) as refusal:
            logger.info("bill %s: %s", bill.number, refusal)
            said = str(refusal) if isinstance(refusal, NothingOpen | OnItsWay) else _NO_ANSWER
        except StripeRefused as refusal:
            logger.warning("bill %s: %s", bill.number, refusal)
            said = _NOT_TAKEN
        except Refused as refusal:
            logger.error("bill %s: %s", bill.number, refusal)
            said = _NOT_TAKEN
    attempt = under_way(invoice=bill)
    given = {
        "invoice": bill,
        "open_minor": max(unpaid(bill), 0),
        "transfer": _transfer(bill),
        "methods": methods_for(currency=bill.currency, operator=settings.OPERATOR) if is_on() else [],
        "on_its_way": attempt is not None and attempt.state == AttemptState.PROCESSING,
        "said": str(said),
        "today": timezone.now().astimezone(settings.OPERATOR.zone).date(),
    }
    return render(request, "payments/pay.html", given, status=503 if said is _NO_ANSWER else 200)


@require_safe
@login_required
def paid(request: HttpRequest, number: str) -> HttpResponse:
    """Where Stripe sends back: what it says now of the last attempt, and never more than that."""
    bill = _bill(request, number)
    attempt = Attempt.objects.filter(invoice__in=replaced_by(bill), way=Attempt.Way.CHECKOUT).order_by("-pk").first()
    known = True
    if attempt is not None and attempt.state in (AttemptState.OPEN, AttemptState.PROCESSING):
        try:
            attempt = follow_attempt(attempt=attempt, operator=settings.OPERATOR, now=timezone.now())
        except Refused as refusal:
            logger.warning("bill %s: %s", number, refusal)
            known = False
    given = {"invoice": bill, "attempt": attempt, "known": known, "open_minor": max(unpaid(bill), 0)}
    return render(request, "payments/paid.html", given)


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Where Stripe tells what happened: 200 once it is stored, else one line that says why not."""
    if not is_on():
        return _line("payment by Stripe is off here", 404)
    try:
        # One byte more than is taken says that it is too much, whatever length was announced.
        take_hook(body=request.read(LARGEST + 1), signature=request.headers.get("Stripe-Signature", ""), now=timezone.now())
    except HookRefused as refusal:
        return _line(str(refusal), refusal.status)
    return HttpResponse(status=200)


def _line(said: str, status: int) -> HttpResponse:
    return HttpResponse(f"{said}\n", status=status, content_type="text/plain; charset=utf-8")


def _to_stripe(request: HttpRequest, bill: Invoice) -> HttpResponse:
    def still_may() -> None:
        hold(request)
        if not _payers(request, bill).exists():
            raise PermissionDenied

    by: Any = request.user
    attempt = begin(invoice=bill, by=by, operator=settings.OPERATOR, now=timezone.now(), hold=still_may)
    answer = HttpResponseRedirect(attempt.url)
    answer.status_code = 303
    return answer


def _bill(request: HttpRequest, number: str) -> Invoice:
    """The bill that payments of this one are booked on; to who is no member of its account there is none.

    :raises PermissionDenied: for a member whose role does not pay.
    """
    named = get_object_or_404(Invoice.objects.visible_to(request.user).select_related("account"), number=number)
    if not _payers(request, named).exists():
        raise PermissionDenied
    bill = stands_for(invoice=named)
    if bill.kind == Invoice.Kind.CREDIT_NOTE:
        raise Http404
    return bill


def _payers(request: HttpRequest, bill: Invoice) -> QuerySet[Membership]:
    return Membership.objects.filter(user=request.user.pk, account=bill.account_id, role__in=HEARS)


def _transfer(bill: Invoice) -> Transfer | None:
    return transfer_of(
        bank=Bank(**bill.seller["bank"]) if bill.seller.get("bank") else None,
        number=bill.number or "",
        reference=bill.payment_reference,
        open_minor=max(unpaid(bill), 0),
        currency=bill.currency,
    )
