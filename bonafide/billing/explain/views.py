"""What a bill counted: a page for each line, its usage and prices as files, and the program that goes from one to the other."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.billing.balance.explain import own_line
from bonafide.billing.explain.days import days_counted
from bonafide.billing.explain.events import events_gone, usage_csv
from bonafide.billing.explain.prices import prices_of
from bonafide.billing.explain.replay import Explained, Unexplained, replay
from bonafide.billing.explain.words import part_in_words, terms_in_words
from bonafide.billing.models import Invoice
from bonafide.web.templatetags.web import language

PROGRAM = Path(__file__).with_name("recompute.py")


@require_safe
@login_required
def bill_line(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """One line of a bill: its price, its days, and the files."""
    invoice = _invoice(request, number)
    line = get_object_or_404(invoice.lines, position=position)
    one = next((one for one in _replayed(invoice) or () if position in one.positions), None)
    return render(
        request,
        "billing/line.html",
        {
            "invoice": invoice,
            "line": line,
            "gone": _gone(invoice),
            "own": "" if one else own_line(invoice=invoice, line=line),
            **(_of_charge(invoice, one) if one else {}),
        },
    )


@require_safe
@login_required
def bill_usage(request: HttpRequest, number: str) -> HttpResponseBase:
    """The events behind a bill as CSV, streamed; 410 once they were deleted with age."""
    invoice = _invoice(request, number)
    explained = _replayed(invoice)
    if explained is None or _gone(invoice):
        return render(request, "billing/usage_gone.html", {"invoice": invoice, "gone": _gone(invoice)}, status=410)
    rows = usage_csv(invoice=invoice, explained=explained, zone=settings.OPERATOR.zone)
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(number)}-usage.csv"'
    noted = getattr(invoice, "usage_file", None)
    if noted and noted.sha256:
        digest = b64encode(bytes.fromhex(noted.sha256)).decode()
        answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    return answer


@require_safe
@login_required
def bill_prices(request: HttpRequest, number: str) -> HttpResponse:
    """The prices and lines of a bill as JSON; 410 when they no longer follow from what is kept."""
    invoice = _invoice(request, number)
    explained = _replayed(invoice)
    if explained is None:
        return render(request, "billing/usage_gone.html", {"invoice": invoice, "gone": _gone(invoice)}, status=410)
    prices = prices_of(invoice=invoice, explained=explained, zone=settings.OPERATOR.zone)
    answer = JsonResponse(prices, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(number)}-prices.json"'
    return answer


@require_safe
def recompute(request: HttpRequest) -> HttpResponse:
    """The program that recomputes a bill; it holds nothing of anybody, so it is everybody's."""
    answer = HttpResponse(PROGRAM.read_bytes(), content_type="text/x-python; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{PROGRAM.name}"'
    return answer


def _invoice(request: HttpRequest, number: str) -> Invoice:
    visit = getattr(request, "visit", None)
    if visit:  # staff on a visit download nothing, and this says so a second time
        raise Http404
    return get_object_or_404(Invoice.objects.visible_to(request.user).select_related("usage_file"), number=number)


def _replayed(invoice: Invoice) -> tuple[Explained, ...] | None:
    try:
        return replay(invoice=invoice, zone=settings.OPERATOR.zone)
    except Unexplained:
        return None


def _gone(invoice: Invoice) -> bool:
    operator = settings.OPERATOR
    return events_gone(invoice=invoice, now=timezone.now(), months=operator.retention.usage_months, zone=operator.zone)


def _of_charge(invoice: Invoice, one: Explained) -> dict[str, Any]:
    entry = one.charge.entry
    unit = entry.meter.unit if entry.meter else ""
    return {
        "charge": one,
        "price_name": entry.item.name(language()),
        "month": one.month,
        "unit": unit,
        "part": part_in_words(entry=entry, language=language()),
        "terms": terms_in_words(terms=entry.full.terms, unit=unit, currency=invoice.currency, language=language()),
        "days": days_counted(invoice=invoice, one=one, zone=settings.OPERATOR.zone),
    }


def _file_name(number: str) -> str:
    return number.replace("/", "-")
