"""What a customer used in a month, as a file. The page is :mod:`bonafide.usage_page`, which also says where it is heading."""

from __future__ import annotations

import csv

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.periods import Month
from bonafide.usage.month_page import asked_month
from bonafide.usage.of_account import usage_of_account


@require_safe
@login_required
def usage_csv(request: HttpRequest) -> HttpResponse:
    """The month's totals, exact: a row for each meter and group. Decimal points, no thousands separators."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html", status=404)
    now, zone, account = timezone.now(), settings.OPERATOR.zone, membership.account
    month, wrong = asked_month(request, Month.of(now, zone))
    if wrong:
        return HttpResponse(wrong + "\n", status=400, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="usage-{slugify(account.reference)}-{month}.csv"'
    write = csv.writer(answer).writerow
    write(["account", "month", "meter", "group", "quantity", "unit"])
    for used in usage_of_account(account=account, month=month, zone=zone, now=now):
        for group, quantity in (used.groups or {"": used.quantity}).items():
            cells = [_harmless(text) for text in (account.reference, str(month), used.meter.code, group)]
            write([*cells, f"{quantity:f}", _harmless(used.meter.unit)])
    return answer


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
