"""Staff rehearse a month, look at what would go out, sign it off and issue it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bonafide.billing.models import Invoice
from bonafide.billing.runs.ask import ask_issuing, ask_rehearsal
from bonafide.billing.runs.forms import SignOffForm
from bonafide.billing.runs.look_at import look_at
from bonafide.billing.runs.mend import flag_said, link_of, mend_of
from bonafide.billing.runs.models import Odd, Outcome, Rehearsal, RehearsedBill
from bonafide.billing.runs.months import PER_PAGE, MonthState, states_of
from bonafide.billing.runs.sign_off import sign_off
from bonafide.billing.runs.tasks import issue_soon, rehearse_soon
from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.sign_in.staff_only import staff_who_may

ROWS = 50


@require_safe
@staff_who_may("billing.view_rehearsal")
def bill_runs(request: HttpRequest) -> HttpResponse:
    """Every month with where its bills stand."""
    states = states_of(operator=settings.OPERATOR, now=timezone.now())
    page = Paginator(states, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "billing/runs/months.html", {"page": page, "billing": settings.OPERATOR.billing})


@require_safe
@staff_who_may("billing.view_rehearsal")
def bill_run(request: HttpRequest, month: Month) -> HttpResponse:
    """One month: what would go out, what is odd, what stops, and what may be done about it now."""
    now = timezone.now()
    [state] = states_of(operator=settings.OPERATOR, now=now, months=[month])
    rehearsal = state.rehearsal
    at_work = bool((rehearsal and not rehearsal.ended_at) or (state.issuing and not state.issuing.ended_at))
    chosen, words = request.GET.get("show", ""), request.GET.get("q", "").strip()
    found = _rows(rehearsal, chosen, words) if rehearsal and not at_work else RehearsedBill.objects.none()
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    for row in page:
        row.mended_at = link_of(row.mend, row.account)  # type: ignore[attr-defined]
        row.mended_by = mend_of(row.mend)  # type: ignore[attr-defined]
    given = {
        "month": month,
        "state": state,
        "rehearsal": rehearsal,
        "at_work": at_work,
        "sums": _sums(state),
        "flags": [(flag_said(flag), count) for flag, count in (rehearsal.sums.get("flags", {}) if rehearsal else {}).items()],
        "notices": (rehearsal.sums.get("notices", {}) if rehearsal else {}).items(),
        "stops": _stops(rehearsal) if state.stopped else [],
        "filters": _filters(rehearsal, chosen) if rehearsal else [],
        "chosen": chosen,
        "words": words,
        "kept": urlencode({"show": chosen, "q": words}),
        "page": page,
        "may": _may(request, state),
        "form": SignOffForm(initial={"rehearsal": rehearsal.pk if rehearsal else None}),
        "required": settings.OPERATOR.billing.sign_off == "required",
    }
    return TemplateResponse(request, "billing/runs/month.html", given)


@require_safe
@staff_who_may("billing.view_rehearsal")
def rehearsed_bill(request: HttpRequest, month: Month, pk: int) -> HttpResponse:
    """One account's bill as it would go out now, beside what was rehearsed."""
    row = get_object_or_404(RehearsedBill.objects.select_related("account", "rehearsal"), pk=pk, rehearsal__month=month.key)
    looked = look_at(row=row, operator=settings.OPERATOR)
    given = {
        "month": month,
        "row": row,
        "looked": looked,
        "mended_at": link_of(row.mend, row.account),
        "mended_by": mend_of(row.mend),
        "issued": Invoice.objects.issued().filter(account=row.account, month=month.key, kind=Invoice.Kind.INVOICE).first(),
    }
    return TemplateResponse(request, "billing/runs/bill.html", given)


@require_POST
@staff_who_may("billing.add_rehearsal")
def rehearse(request: HttpRequest, month: Month) -> HttpResponse:
    """Begin a rehearsal in the background."""
    try:
        rehearse_soon(ask_rehearsal(month=month, now=timezone.now(), by=request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("bill_run", month)


@require_POST
@staff_who_may("billing.add_signoff")
def sign(request: HttpRequest, month: Month) -> HttpResponse:
    """Sign the rehearsal off that was looked at."""
    form = SignOffForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was signed off: a note has at most 300 characters."))
        return redirect("bill_run", month)
    rehearsal = get_object_or_404(Rehearsal, pk=form.cleaned_data["rehearsal"], month=month.key)
    try:
        sign_off(
            rehearsal_id=rehearsal.pk,
            by=request.user,
            operator=settings.OPERATOR,
            now=timezone.now(),
            note=form.cleaned_data["note"],
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Signed off. Usage that arrives from now on is put on the next bills."))
    return redirect("bill_run", month)


@require_POST
@staff_who_may("billing.add_issuing")
def issue(request: HttpRequest, month: Month) -> HttpResponse:
    """Begin to issue in the background."""
    try:
        issue_soon(ask_issuing(month=month, operator=settings.OPERATOR, now=timezone.now(), by=request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("bill_run", month)


def _rows(rehearsal: Rehearsal, chosen: str, words: str) -> QuerySet[RehearsedBill]:
    rows = RehearsedBill.objects.filter(rehearsal=rehearsal).select_related("account").order_by("rank", "pk")
    if chosen == "odd":
        rows = rows.exclude(odd="")
    elif chosen in Outcome.values:
        rows = rows.filter(outcome=chosen)
    elif chosen in Odd.values:
        rows = rows.filter(odd=chosen)
    if words:
        rows = rows.filter(Q(account__reference__icontains=words) | Q(account__name__icontains=words))
    return rows


def _filters(rehearsal: Rehearsal, chosen: str) -> list[dict[str, object]]:
    """What can be shown alone, with how many there are."""
    outcomes, odd = rehearsal.sums.get("outcomes", {}), rehearsal.sums.get("odd", {})
    offered = [("", _("all"), sum(outcomes.values()))]
    offered += [(Outcome.STOPPED.value, str(Outcome.STOPPED.label), outcomes.get(Outcome.STOPPED, 0))]
    offered += [("odd", _("to look at"), sum(odd.values()))]
    offered += [(kind.value, str(kind.label), odd.get(kind, 0)) for kind in Odd]
    offered += [(Outcome.SKIPPED.value, str(Outcome.SKIPPED.label), outcomes.get(Outcome.SKIPPED, 0))]
    return [
        {"code": code, "label": label, "count": count, "current": code == chosen}
        for code, label, count in offered
        if count or code == chosen
    ]


def _sums(state: MonthState) -> list[dict[str, object]]:
    """By currency: what would go out or went out, and how it compares with all bills of the month before."""
    before = {
        row["currency"]: row["total"]
        for row in Invoice.objects.issued()
        .of_month(state.month.previous().key)
        .filter(kind=Invoice.Kind.INVOICE)
        .order_by()
        .values("currency")
        .annotate(total=Sum("total_minor"))
    }
    currencies = state.rehearsal.sums.get("currencies", {}) if state.rehearsal else {}
    return [
        {
            "currency": currency,
            **sums,
            "before_minor": before.get(currency),
            "change_minor": sums["total_minor"] - before[currency] if currency in before else None,
        }
        for currency, sums in currencies.items()
        if "bills" in sums
    ]


def _stops(rehearsal: Rehearsal | None) -> list[dict[str, object]]:
    """What stops accounts, by where it is mended."""
    rows = RehearsedBill.objects.filter(rehearsal=rehearsal, outcome=Outcome.STOPPED)
    counted = rows.order_by().values_list("mend").annotate(count=Count("pk")).order_by("-count")
    return [
        {"mend": mend_of(code), "count": count, "page": link_of(code, None) if mend_of(code).once else ""}
        for code, count in counted
    ]


def _may(request: HttpRequest, state: MonthState) -> dict[str, bool]:
    """Which buttons stand on the page: what is refused anyway is not offered."""
    working = state.stand in ("issuing", "rehearsing")
    whole = bool(state.rehearsal and state.rehearsal.is_whole)
    signed = state.sign_off is not None
    enough = signed or settings.OPERATOR.billing.sign_off != "required"
    has = request.user.has_perm
    return {
        "rehearse": not working and not state.finished and has("billing.add_rehearsal"),
        "sign": not working and whole and not signed and state.over and not state.finished and has("billing.add_signoff"),
        "issue": not working and state.over and not state.finished and enough and has("billing.add_issuing"),
    }
