"""A month of usage as a page shows it: each meter with its days and parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.money import format_exact, round_half_up, scaled, unscaled
from bonafide.periods import Month
from bonafide.pricing.units import unit_text
from bonafide.usage.of_account import MeterOfMonth
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
    ahead: bool


def asked_month(request: HttpRequest, latest: Month) -> tuple[Month, str]:
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


def shown_meters(
    *, used: list[MeterOfMonth], month: Month, today: date, a_day: Mapping[str, Decimal | None] = {}
) -> list[MeterUse]:
    """By name. ``a_day`` is, by meter code, what each day to come is drawn with."""
    meters = [_meter(meter, month, today, a_day.get(meter.meter.code)) for meter in used]
    return sorted(meters, key=lambda meter: meter.name.casefold())


def _meter(used: MeterOfMonth, month: Month, today: date, a_day: Decimal | None) -> MeterUse:
    meter = used.meter
    chart, rows = _days(used, month, today, a_day)
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
        ahead=bool(chart and a_day and today < month.last_day),
    )


def _days(used: MeterOfMonth, month: Month, today: date, a_day: Decimal | None) -> tuple[Chart | None, list[dict[str, str]]]:
    """The drawing of a meter's days, and the same as rows; days to come have no row, and no bar but that of the forecast."""
    quantities = {day.on: day.quantity for day in used.days if day.quantity is not None}
    if not any(quantities.values()):
        return None, []
    places = max(used.meter.scale, HOURS_DRAWN)
    days, rows = [], []
    for number in range(month.last_day.day):
        on = month.first_day + timedelta(days=number)
        if on > today:
            days.append(_to_come(used, on, a_day, places))
            continue
        quantity = quantities.get(on, Decimal(0))
        unit = unit_text(unit=used.meter.unit, quantity=quantity, language=language())
        text = f"{brief(quantity)}\N{NO-BREAK SPACE}{unit}"
        note = _("%(day)s: %(amount)s") % {"day": written_day(on), "amount": text}
        days.append(Day(tick=str(number + 1), note=note, now=scaled(round_half_up(quantity, places), places)))
        rows.append({"label": str(number + 1), "now": text})
    return draw(days=days, scale_text=lambda units: format_exact(unscaled(units, places), language())), rows


def _to_come(used: MeterOfMonth, on: date, a_day: Decimal | None, places: int) -> Day:
    if not a_day:
        return Day(tick=str(on.day), note=written_day(on))
    unit = unit_text(unit=used.meter.unit, quantity=a_day, language=language())
    amount = f"{brief(a_day)}\N{NO-BREAK SPACE}{unit}"
    note = _("%(day)s: about %(amount)s at the pace so far") % {"day": written_day(on), "amount": amount}
    return Day(tick=str(on.day), note=note, ahead=scaled(round_half_up(a_day, places), places))
