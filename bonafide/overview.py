"""The first page: who this is to a stranger, and to a customer the running month and what is to be paid."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bonafide.accounts.current import current_membership
from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.billing.open_bills import open_bills
from bonafide.billing.so_far import SoFar, so_far
from bonafide.billing.templatetags.bills import short
from bonafide.contracts.models import Contract
from bonafide.money import format_minor
from bonafide.web.charts import Chart, Day, draw
from bonafide.web.templatetags.web import language, written_day

# Lines shown under "what it went on"; the rest are one sum.
LINES_SHOWN = 8


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The page at ``/``."""
    if not request.user.is_authenticated:
        return render(request, "billing/welcome.html")
    membership = current_membership(request)
    if membership is None:
        return render(request, "usage/no_account.html")
    now = timezone.now()  # noqa: TID251 - this module is a view
    today = now.astimezone(settings.OPERATOR.zone).date()
    running = so_far(account=membership.account, now=now, operator=settings.OPERATOR)
    return render(
        request,
        "billing/overview.html",
        {
            "today": today,
            "running": running,
            "bill_on": running.month.next().first_day,
            "more": abs(running.change or 0),
            "withdrawable": Contract.objects.filter(account=membership.account).withdrawable(today).defer("summary").first(),
            **_bills(membership.account, today),
            **_chart(running, today),
            **_lines(running),
        },
    )


def _bills(account: Account, today: date) -> dict[str, object]:
    """The oldest bill that is still open, how many more there are, and the last one issued."""
    mine = Invoice.objects.issued().filter(account=account)
    owed = open_bills(account=account, today=today)
    return {
        "last_bill": mine.with_state(today).newest_first().defer("seller", "buyer", "mentions").first(),
        "to_pay": owed[0].oldest if owed else None,
        "more_to_pay": sum(each.count for each in owed) - 1,
    }


def _lines(running: SoFar) -> dict[str, object]:
    """The largest lines so far, and what the others come to."""
    if running.bill is None:
        return {"lines": []}
    lines = sorted(running.bill.lines, key=lambda line: -abs(line.net_minor))
    shown = [line for line in lines if line.net_minor][:LINES_SHOWN] or lines[:LINES_SHOWN]
    rest = lines[len(shown) :]
    return {"lines": shown, "rest": len(rest), "rest_minor": sum(line.net_minor for line in rest)}


def _chart(running: SoFar, today: date) -> dict[str, object]:
    """The days of this month over those of the last, and the days to come at the pace so far."""
    if running.bill is None:
        return {"chart": None}
    currency, month, last = running.bill.currency, running.month, running.month.previous()
    before = running.before.by_day if running.before else {}
    days, rows = [], []
    for number in range(1, max(month.last_day.day, last.last_day.day if before else 0) + 1):
        on = month.first_day + timedelta(days=number - 1)
        then = last.first_day + timedelta(days=number - 1)
        now = running.now.by_day.get(on, 0) if on <= today else None
        earlier = before.get(then, 0) if before and then <= last.last_day else None
        ahead = running.pace.a_day if running.pace and today < on <= month.last_day else None
        days.append(Day(str(number), _note(on, now, then, earlier, ahead, currency), now, earlier, ahead))
        if now is not None or earlier is not None:
            rows.append({"label": str(number), "now": _amount(now, currency), "before": _amount(earlier, currency)})
    chart: Chart | None = draw(days=days, scale_text=lambda minor: short(minor, currency))
    return {
        "chart": chart,
        "chart_rows": rows,
        "last_month": last,
        "ahead": _("at the pace so far") if running.pace and running.pace.a_day and today < month.last_day else "",
        "says": _("Spend per day from %(first)s to %(today)s, %(amount)s in all before VAT")
        % {
            "first": written_day(month.first_day),
            "today": written_day(today),
            "amount": _amount(sum(running.now.by_day.values()), currency),
        },
    }


def _note(on: date, now: int | None, then: date, earlier: int | None, ahead: int | None, currency: str) -> str:
    """What a pointer on a day reads."""
    parts = []
    if now is not None:
        parts.append(_("%(day)s: %(amount)s") % {"day": written_day(on), "amount": _amount(now, currency)})
    if ahead is not None:
        values = {"day": written_day(on), "amount": _amount(ahead, currency)}
        parts.append(_("%(day)s: about %(amount)s at the pace so far") % values)
    if earlier is not None:
        parts.append(_("%(day)s: %(amount)s") % {"day": written_day(then), "amount": _amount(earlier, currency)})
    return "\n".join(parts)


def _amount(minor: int | None, currency: str) -> str:
    return "–" if minor is None else format_minor(minor, currency, language())
