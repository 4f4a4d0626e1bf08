"""What a customer used in a month, as a page and as a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.money import format_exact, round_half_up, scaled, unscaled
from bonafide.periods import Month
from bonafide.pricing.units import unit_text
from bonafide.usage.of_account import MeterOfMonth, usage_of_account
from bonafide.web.charts import Chart, Day, draw
from bonafide.web.templatetags.reading import brief
from bonafide.web.templatetags.web import language, written_day

# Parts of a meter on the page; the file has all of them.
PARTS_SHOWN = 100
HOURS_DRAWN = 4  # decimals; hours are exact only as a fraction
COUNTED = {
    "sum": gettext_lazy("added up over the month"),
    "count": gettext_lazy("events counted over the month"),
    "max": gettext_lazy("the largest of the month"),
    "unique": gettext_lazy("different ones in the month"),
    "latest": gettext_lazy("as last reported"),
    "hours": gettext_lazy("hours that it existed"),
}


@dataclass(frozen=True)
class Part:
    """One group of a meter."""

    label: str
    quantity: Decimal


@dataclass(frozen=True)
class MeterUse:
    """One meter of the month as the page shows it. ``chart`` is None when its days have no quantities of their own."""

    code: str
    name: str
    unit: str
    counted: str
    group_by: str
    quantity: Decimal
    groups: list[Part]
    groups_in_all: int
    chart: Chart | None
    says: str
    rows: list[dict[str, str]]


@require_safe
@login_required
def usage(request: HttpRequest) -> HttpResponse:
    """A month's meters, each with its days and parts."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html")
    now = timezone.now()
    latest = Month.of(now, settings.OPERATOR.zone)
    month, wrong = _asked(request, latest)
    today = now.astimezone(settings.OPERATOR.zone).date()
    used = [] if wrong else usage_of_account(account=membership.account, month=month, zone=settings.OPERATOR.zone, now=now)
    meters = sorted((_meter(meter, month, today) for meter in used), key=lambda meter: meter.name.casefold())
    return render(
        request,
        "usage/usage.html",
        {
            "month": month,
            "latest": latest,
            "running": month == latest,
            "today": today,
            "wrong_month": wrong,
            "meters": meters,
        },
        status=400 if wrong else 200,
    )


@require_safe
@login_required
def usage_csv(request: HttpRequest) -> HttpResponse:
    """The month's totals, exact: a row for each meter and group. Decimal points, no thousands separators."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html", status=404)
    now, zone, account = timezone.now(), settings.OPERATOR.zone, membership.account
    month, wrong = _asked(request, Month.of(now, zone))
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


def _asked(request: HttpRequest, latest: Month) -> tuple[Month, str]:
    """The month in the address, else the running one; and what is wrong with it."""
    text = request.GET.get("month")
    if not text:
        return latest, ""
    try:
        month = Month.parse(text)
    except ValueError:
        return latest, _("“%(text)s” is not a month: write it like %(month)s.") % {"text": text[:20], "month": latest}
    if month > latest:
        return latest, _("%(month)s has not begun yet.") % {"month": month}
    return month, ""


def _meter(used: MeterOfMonth, month: Month, today: date) -> MeterUse:
    meter = used.meter
    chart, rows = _days(used, month, today)
    groups = sorted(used.groups.items(), key=lambda group: (-group[1], group[0]))
    return MeterUse(
        code=meter.code,
        name=meter.name(language()),
        unit=meter.unit,
        counted=str(COUNTED[meter.aggregation]),
        group_by=meter.group_by,
        quantity=used.quantity,
        groups=[Part(label, quantity) for label, quantity in groups[:PARTS_SHOWN]] if any(used.groups) else [],
        groups_in_all=len(groups),
        chart=chart,
        says=_("%(meter)s per day, %(quantity)s %(unit)s in all")
        % {
            "meter": meter.name(language()),
            "quantity": format_exact(used.quantity, language()),
            "unit": unit_text(unit=meter.unit, quantity=used.quantity, language=language()),
        },
        rows=rows,
    )


def _days(used: MeterOfMonth, month: Month, today: date) -> tuple[Chart | None, list[dict[str, str]]]:
    """The drawing of a meter's days, and the same as rows; days to come have neither bar nor row."""
    quantities = {day.on: day.quantity for day in used.days if day.quantity is not None}
    if not any(quantities.values()):
        return None, []
    places = max(used.meter.scale, HOURS_DRAWN)
    days, rows = [], []
    for number in range(month.last_day.day):
        on = month.first_day + timedelta(days=number)
        if on > today:
            days.append(Day(tick=str(number + 1), note=written_day(on)))
            continue
        quantity = quantities.get(on, Decimal(0))
        unit = unit_text(unit=used.meter.unit, quantity=quantity, language=language())
        text = f"{brief(quantity)}\N{NO-BREAK SPACE}{unit}"
        note = _("%(day)s: %(amount)s") % {"day": written_day(on), "amount": text}
        days.append(Day(tick=str(number + 1), note=note, now=scaled(round_half_up(quantity, places), places)))
        rows.append({"label": str(number + 1), "now": text})
    return draw(days=days, scale_text=lambda units: format_exact(unscaled(units, places), language())), rows


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
