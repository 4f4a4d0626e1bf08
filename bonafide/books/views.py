"""The report of a period for staff, as a page and as CSV. Whose names stand in it is written down before it leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import wraps
from itertools import islice
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bonafide.billing.report.compile import COLUMNS, Report, by, one_stop_shop, report_of, rows_of
from bonafide.billing.report.receivables import owed, owed_by_customer
from bonafide.billing.report.revenue import Sold, reversed_to
from bonafide.books.csv_file import csv_lines
from bonafide.periods import Month
from bonafide.privacy.models import Look
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose
from bonafide.sign_in.factors.staff import has_staff_power

PER_PAGE = 50
REVERSED_SHOWN = 100
KIND = "billing.invoice"  # what customers read that staff saw: a list of bills
AGES = (_("not due"), _("1 to 30 days"), _("31 to 60 days"), _("61 to 90 days"), _("over 90 days"))
VAT_ITEMS = {
    "pending_before": _("waiting for money, before the period"),
    "due": _("due in the period"),
    "oss": _("of other member states"),
    "pending_after": _("waiting for money, at its end"),
}


class PeriodForm(forms.Form):
    """The days of the report, both included, and the day of which receivables are told."""

    start = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    end = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    as_of = forms.DateField(
        label=_("Receivables at the end of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("By default the last day of the period."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if start and end and end < start:
            raise forms.ValidationError(_("The last day is before the first."))
        return values


def _for_book_keepers(view: Any) -> Any:
    """Of the staff, those who may see bills; to everybody else there is no such page."""

    @require_safe
    @login_required
    @wraps(view)
    def allowed(request: HttpRequest) -> HttpResponseBase:
        if not has_staff_power(request):
            raise Http404
        if not request.user.has_perm("billing.view_invoice"):
            raise PermissionDenied
        return view(request)  # type: ignore[no-any-return]

    return allowed


@_for_book_keepers
def report(request: HttpRequest) -> HttpResponse:
    """Sums of a period, by default of the last month, and who owes what, page by page."""
    now = timezone.now()
    form, found = _asked(request, now)
    if found is None:
        return render(request, "books/report.html", {"form": form}, status=400)
    reverse = list(islice(reversed_to(start=found.start, end=found.end, home=found.home), REVERSED_SHOWN + 1))
    page = Paginator(owed_by_customer(on=found.as_of, roles=found.roles), PER_PAGE).get_page(request.GET.get("page"))
    customers = [owed(row=row) for row in page]
    seen = [one.account_id for one in customers if one.account_id is not None]
    seen += [one.account_id for one in reverse[:REVERSED_SHOWN]]
    _write_down(request, seen, now)
    return render(
        request,
        "books/report.html",
        {
            "form": form,
            "report": found,
            "asked": urlencode({name: str(getattr(found, name)) for name in ("start", "end", "as_of")}),
            "credited": any(key.credit for key in found.revenue),
            "abroad": any(key.currency != found.home for key in found.revenue),
            "months": [_said(key, apart) for key, apart in by(found, "month", "currency").items()],
            "taxes": [_said(key, apart) for key, apart in by(found, *_TAX).items()],
            "shop": [_said(key, apart) for key, apart in one_stop_shop(found).items()],
            "reverse": reverse[:REVERSED_SHOWN],
            "reverse_cut": len(reverse) > REVERSED_SHOWN,
            "vat": [{"said": VAT_ITEMS[one.item], "vat": one} for one in found.vat],
            "ages": AGES,
            "page": page,
            "customers": [{"owed": one, "ages": list(zip(AGES, one.ages, strict=True))} for one in customers],
            "in_all": [{"owed": one, "ages": list(zip(AGES, one.ages, strict=True))} for one in found.receivables],
        },
    )


@_for_book_keepers
def report_csv(request: HttpRequest) -> HttpResponseBase:
    """The same numbers, every customer, as a table; streamed."""
    now = timezone.now()
    form, found = _asked(request, now)
    if found is None:
        return render(request, "books/report.html", {"form": form}, status=400)
    owing = owed_by_customer(on=found.as_of, roles=found.roles).values_list("account_id", flat=True)
    reverse = reversed_to(start=found.start, end=found.end, home=found.home)
    _write_down(request, [*(pk for pk in owing if pk is not None), *(one.account_id for one in reverse)], now)
    return StreamingHttpResponse(
        csv_lines(columns=COLUMNS, rows=rows_of(found)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="books-{found.start}-{found.end}.csv"'},
    )


_TAX = ("category", "rate", "taxed_in", "place", "currency")


def _asked(request: HttpRequest, now: datetime) -> tuple[PeriodForm, Report | None]:
    """The form as it was sent, or of the last month; and the report, if the days can be read."""
    month = Month.of(now, settings.OPERATOR.zone).previous()
    given = request.GET if "start" in request.GET or "end" in request.GET else None
    form = PeriodForm(given or {"start": month.first_day, "end": month.last_day})
    if not form.is_valid():
        return form, None
    return form, report_of(operator=settings.OPERATOR, **form.cleaned_data)


def _write_down(request: HttpRequest, accounts: Iterable[int], now: datetime) -> None:
    """Staff saw these customers' names and what they owe."""
    seen = iter(dict.fromkeys(accounts))
    while some := list(islice(seen, 1000)):
        record_looks(staff=request.user, whose=[Whose(account=pk) for pk in some], kind=KIND, view=Look.View.LIST, now=now)


def _said(key: tuple[str, ...], apart: dict[bool, Sold]) -> dict[str, Any]:
    return {"key": key, "currency": key[-1], "billed": apart[False], "credited": apart[True]}
