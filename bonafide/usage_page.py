"""The page ``/usage``: what a customer used in a month, and of the running one where it is heading and what it then costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.billing.forecast import Forecast, MeterForecast, forecast
from bonafide.periods import Month
from bonafide.usage.month_page import asked_month, shown_meters
from bonafide.usage.of_account import usage_of_account
from bonafide.web.templatetags.web import language


@dataclass(frozen=True)
class _Row:
    """A meter of the forecast. ``between`` is its range where that is more than one quantity."""

    code: str
    name: str
    unit: str
    quantity: Decimal
    likely: Decimal | None
    between: tuple[Decimal, Decimal] | None
    cost_minor: int
    likely_minor: int | None


@require_safe
@login_required
def usage(request: HttpRequest) -> HttpResponse:
    """A month's meters, each with its days and parts; for the running one the forecast before them."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html")
    now = timezone.now()  # noqa: TID251 - this module is a view
    zone, account = settings.OPERATOR.zone, membership.account
    latest, today = Month.of(now, zone), now.astimezone(zone).date()
    month, wrong = asked_month(request, latest)
    used = [] if wrong else usage_of_account(account=account, month=month, zone=zone, now=now)
    coming = forecast(account=account, now=now, operator=settings.OPERATOR) if month == latest and not wrong else None
    a_day = {one.meter.code: one.a_day for one in coming.meters} if coming else {}
    given = {
        "month": month,
        "latest": latest,
        "running": month == latest,
        "today": today,
        "wrong_month": wrong,
        "meters": shown_meters(used=used, month=month, today=today, a_day=a_day),
        "coming": coming,
        **(_totals(coming) if coming else {}),
    }
    return render(request, "billing/usage.html", given, status=400 if wrong else 200)


def _totals(coming: Forecast) -> dict[str, object]:
    """The rows of the forecast, and the ends of its range: a higher quantity can come to less where prices fall with it."""
    ends = sorted(bill.total_minor for bill in (coming.low, coming.likely, coming.high) if bill)
    return {
        "forecasts": sorted((_row(one) for one in coming.meters), key=lambda row: row.name.casefold()),
        "lowest": ends[0] if len(ends) > 1 and ends[0] != ends[-1] else None,
        "highest": ends[-1] if ends else None,
    }


def _row(one: MeterForecast) -> _Row:
    between = (one.low, one.high) if one.low is not None and one.high is not None and one.low != one.high else None
    return _Row(
        code=one.meter.code,
        name=one.meter.name(language()),
        unit=one.meter.unit,
        quantity=one.quantity,
        likely=one.likely,
        between=between,
        cost_minor=one.cost_minor,
        likely_minor=one.likely_minor,
    )
