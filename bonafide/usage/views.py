"""What a customer used in a month, as a page and as a file."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.accounts.models import Account
from bonafide.money import ROUNDING, format_exact, plain, unscaled
from bonafide.periods import Month, day_key
from bonafide.pricing.models import Meter
from bonafide.usage.daily import Days, daily_quantities
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured, measure
from bonafide.web.charts import Chart, Day, draw
from bonafide.web.templatetags.web import language, written_day

HOURS_SHOWN = Decimal("0.01")
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
    """One group of a meter, or what came late for an earlier month."""

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
    late: list[Part]
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
    meters = [] if wrong else _meters(membership.account, month, now)
    return render(
        request,
        "usage/usage.html",
        {
            "month": month,
            "latest": latest,
            "running": month == latest,
            "today": now.astimezone(settings.OPERATOR.zone).date(),
            "wrong_month": wrong,
            "meters": meters,
        },
        status=400 if wrong else 200,
    )


@require_safe
@login_required
def usage_csv(request: HttpRequest) -> HttpResponse:
    """The month's totals: one row a meter, group and month that the usage is of. Decimal points, no thousands separators."""
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html", status=404)
    now, zone = timezone.now(), settings.OPERATOR.zone
    month, wrong = _asked(request, Month.of(now, zone))
    if wrong:
        return HttpResponse(wrong + "\n", status=400, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in membership.account.reference)
    answer.headers["Content-Disposition"] = f'attachment; filename="usage-{name}-{month}.csv"'.encode("ascii", "replace").decode()
    write = csv.writer(answer).writerow
    write(["account", "bill_month", "usage_month", "meter", "group", "quantity", "unit", "events"])
    meters = Meter.objects.in_bulk()
    for row in measure(bill_month=month, zone=zone, account_ids=[membership.account_id], until=now):
        meter = meters[row.meter_id]
        values = (row.usage_month // 100, row.usage_month % 100)
        cells = [membership.account.reference, str(month), "{:04d}-{:02d}".format(*values), meter.code, row.group_key]
        write([*map(_harmless, cells), _in_unit(_added(row), meter), _harmless(meter.unit), row.events])
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


def _meters(account: Account, month: Month, now: datetime) -> list[MeterUse]:
    """Every meter with usage on the month's bill, by name."""
    zone = settings.OPERATOR.zone
    measured: dict[int, list[Measured]] = defaultdict(list)
    for row in measure(bill_month=month, zone=zone, account_ids=[account.pk], until=now):
        measured[row.meter_id].append(row)
    if not measured:
        return []
    daily = daily_quantities(account_id=account.pk, month=month, now=now, zone=zone, billed=True)
    meters = Meter.objects.in_bulk(measured)
    today = now.astimezone(zone).date()
    used = [_meter(meters[pk], rows, daily.get(meters[pk].code), month, today) for pk, rows in measured.items()]
    return sorted(used, key=lambda meter: meter.name.casefold())


def _meter(meter: Meter, rows: list[Measured], days: Days | None, month: Month, today: date) -> MeterUse:
    own = [row for row in rows if row.usage_month == month.key]
    groups = sorted(own, key=lambda row: (-row.quantity, row.group_key))
    late: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.usage_month != month.key:
            late[row.usage_month] += _added(row)
    quantity = _in_unit(sum(row.quantity for row in own), meter)
    chart, table = _days(meter, days.quantity if days else {}, month, today)
    return MeterUse(
        code=meter.code,
        name=meter.name(language()),
        unit=meter.unit,
        counted=str(COUNTED[meter.aggregation]),
        group_by=meter.group_by,
        quantity=quantity,
        groups=[Part(row.group_key, _in_unit(row.quantity, meter)) for row in groups]
        if any(row.group_key for row in own)
        else [],
        late=[Part(str(Month.from_key(key)), _in_unit(units, meter)) for key, units in sorted(late.items()) if units],
        chart=chart,
        says=_("%(meter)s per day, %(quantity)s %(unit)s in all")
        % {"meter": meter.name(language()), "quantity": format_exact(quantity, language()), "unit": meter.unit},
        rows=table,
    )


def _days(meter: Meter, quantities: dict[int, int], month: Month, today: date) -> tuple[Chart | None, list[dict[str, str]]]:
    """The drawing of a meter's days, and the same as rows; days to come have neither bar nor row."""
    days, rows = [], []
    for number in range(month.last_day.day):
        on = month.first_day + timedelta(days=number)
        units = quantities.get(day_key(on), 0) if on <= today else None
        note = written_day(on)
        if units is not None:
            text = f"{format_exact(_in_unit(units, meter), language())}\N{NO-BREAK SPACE}{meter.unit}"
            note = _("%(day)s: %(amount)s") % {"day": note, "amount": text}
            rows.append({"label": str(number + 1), "now": text})
        days.append(Day(tick=str(number + 1), note=note, now=units))
    per_unit = SECONDS_AN_HOUR if meter.aggregation == Meter.Aggregation.HOURS else 1
    chart = draw(days=days, scale_text=lambda units: format_exact(_in_unit(units, meter), language()), step_unit=per_unit)
    return chart, rows if chart else []


def _added(row: Measured) -> int:
    """What a row adds to its month: all of it on time, the difference when it came late."""
    return row.quantity - (row.before or 0)


def _in_unit(units: int, meter: Meter) -> Decimal:
    """The stored integer in the meter's unit; hours, counted in seconds, to the hundredth."""
    exact = unscaled(units, meter.scale)
    if meter.aggregation == Meter.Aggregation.HOURS:
        return plain(ROUNDING.divide(exact, Decimal(SECONDS_AN_HOUR)).quantize(HOURS_SHOWN, context=ROUNDING))
    return exact


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
