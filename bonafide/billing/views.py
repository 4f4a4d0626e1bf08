"""A customer's bills: the list, and one bill."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.billing.amend.models import CARRIED
from bonafide.billing.budgets.tell import HEARS
from bonafide.billing.drafts_of_account import draft_of_month, drafts_of_account
from bonafide.billing.explain.events import events_gone
from bonafide.billing.models import Invoice, InvoiceQuerySet, State
from bonafide.billing.open_bills import open_bills
from bonafide.billing.states import SHOWN, in_states, shown_as
from bonafide.billing.transfer import transfer_of
from bonafide.operator import Bank
from bonafide.periods import Month

PER_PAGE = 24
# Lines, and parts of a line, shown at once; a bill of 3,000 lines is shown whole only to who asks for it.
LINES_SHOWN = 200
PARTS_SHOWN = 50


@require_safe
@login_required
def bills(request: HttpRequest) -> HttpResponse:
    """The bills of the account one acts for, newest first, under what is still to be paid; before them the drafts."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html")
    today, shown = _today(), shown_as(request.GET.get("state", ""))
    mine = Invoice.objects.issued().filter(account=membership.account).with_state(today)
    page = Paginator((in_states(mine, shown) if shown else mine).newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    drafts = []
    if page.number == 1 and (shown is None or State.DRAFT in shown.states):
        drafts = drafts_of_account(account=membership.account, now=timezone.now(), operator=settings.OPERATOR)
    given = {
        "page": page,
        "pays": membership.role in HEARS and not getattr(request, "visit", None),
        "today": today,
        "open": open_bills(account=membership.account, today=today),
        "drafts": drafts,
        "shown": shown,
        "filters": SHOWN,
        "any": mine.exists() if shown else page.paginator.count,
    }
    return render(request, "billing/bills.html", given)


@require_safe
@login_required
def draft(request: HttpRequest, month: Month) -> HttpResponse:
    """A month of the account one acts for as its lines stand, which is no bill yet."""
    membership = current_membership(request)
    now, operator = timezone.now(), settings.OPERATOR
    found = draft_of_month(account=membership.account, month=month, now=now, operator=operator) if membership else None
    if found is None:
        raise Http404
    lines = found.bill.lines if found.bill else ()
    shown = lines if "all" in request.GET else lines[:LINES_SHOWN]
    given = {"draft": found, "today": _today(), "lines": shown, "lines_in_all": len(lines), "lines_left": len(lines) - len(shown)}
    return render(request, "billing/draft.html", given)


@require_safe
@login_required
def bill(request: HttpRequest, number: str) -> HttpResponse:
    """One bill, to the members of its account; to everybody else there is none."""
    today = _today()
    beside = ("correction__original", "replaces__original", "replacement__document")
    visible = _visible(request).with_state(today).select_related("account", "document", "usage_file", *beside)
    invoice = get_object_or_404(visible, number=number)
    open_minor: int = invoice.open_minor  # type: ignore[attr-defined]  # with_state's
    lines = invoice.lines.all()
    whole = "all" in request.GET
    shown = list(lines if whole else lines[: LINES_SHOWN + 1])
    cut = not whole and len(shown) > LINES_SHOWN
    return render(
        request,
        "billing/bill.html",
        {
            "invoice": invoice,
            "today": today,
            "gone": events_gone(
                invoice=invoice, now=timezone.now(), months=settings.OPERATOR.retention.usage_months, zone=settings.OPERATOR.zone
            ),
            "month": Month.from_key(invoice.month),
            "pays": open_minor > 0 and invoice.total_minor > 0 and _pays(request, invoice),
            "own": getattr(current_membership(request), "account_id", None) == invoice.account_id,
            "lines": shown[:LINES_SHOWN] if cut else shown,
            "lines_in_all": lines.count() if cut else len(shown),
            "parts": ":" if whole else f":{PARTS_SHOWN}",
            "parts_shown": PARTS_SHOWN,
            "taxes": invoice.taxes.all(),
            "gross": any(line.gross_minor is not None for line in shown),
            "settlements": invoice.settlements.order_by("received_on", "pk"),
            "carried": CARRIED,
            "notes": invoice.corrections.select_related("document").order_by("document__position"),
            "transfer": transfer_of(
                bank=Bank(**invoice.seller["bank"]) if invoice.seller.get("bank") else None,
                number=number,
                reference=invoice.payment_reference,
                open_minor=open_minor if invoice.total_minor > 0 else 0,
                currency=invoice.currency,
            ),
        },
    )


def _pays(request: HttpRequest, invoice: Invoice) -> bool:
    """Whether who looks is one of those who pay the account's bills."""
    mine = getattr(request, "memberships", ())
    return any(one.account_id == invoice.account_id and one.role in HEARS for one in mine) and not getattr(request, "visit", None)


def _visible(request: HttpRequest) -> InvoiceQuerySet:
    """Bills of the accounts that one is a member of; during a visit of staff, of the visited account alone."""
    visit = getattr(request, "visit", None)
    return Invoice.objects.issued().filter(account=visit.account) if visit else Invoice.objects.visible_to(request.user)


def _today() -> date:
    """The day it is on the operator's calendar."""
    return timezone.now().astimezone(settings.OPERATOR.zone).date()
