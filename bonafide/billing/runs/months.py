"""Where each month's bills stand: a constant number of queries for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, TextChoices
from django.utils.translation import gettext_lazy as _

from bonafide.billing.models import BillRun, Invoice
from bonafide.billing.runs.models import Issuing, Outcome, Rehearsal, SignOff
from bonafide.operator import Operator
from bonafide.periods import Month

PER_PAGE = 24


class Stand(TextChoices):
    """Where a month is on its way; worked out, never stored."""

    RUNNING = "running", _("not over")
    TO_CHECK = "to_check", _("to be checked")
    REHEARSING = "rehearsing", _("being rehearsed")
    SIGNED = "signed", _("signed off")
    ISSUING = "issuing", _("being issued")
    PARTLY = "partly", _("issued in part")
    ISSUED = "issued", _("issued")


CHIPS = {
    Stand.RUNNING: "plain",
    Stand.TO_CHECK: "soon",
    Stand.REHEARSING: "note",
    Stand.SIGNED: "note",
    Stand.ISSUING: "note",
    Stand.PARTLY: "soon",
    Stand.ISSUED: "kept",
}


@dataclass(frozen=True)
class MonthState:
    """``issued`` counts bills with a number. ``rehearsal`` is the newest, ``issuing`` the last one asked for."""

    month: Month
    over: bool
    issued: int = 0
    finished: bool = False
    rehearsal: Rehearsal | None = None
    issuing: Issuing | None = None
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def sign_off(self) -> SignOff | None:
        found: SignOff | None = getattr(self.rehearsal, "sign_off", None)
        return found if self.rehearsal and self.rehearsal.is_whole else None

    @property
    def stand(self) -> Stand:
        if self.issuing and self.issuing.ended_at is None:
            return Stand.ISSUING
        if self.rehearsal and self.rehearsal.ended_at is None:
            return Stand.REHEARSING
        if not self.over:
            return Stand.RUNNING
        if self.finished:
            return Stand.ISSUED
        if self.sign_off and not (self.issuing and self.issuing.rehearsal_id == self.sign_off.rehearsal_id):
            return Stand.SIGNED
        return Stand.PARTLY if self.issued else Stand.TO_CHECK

    @property
    def chip(self) -> str:
        return CHIPS[self.stand]

    @property
    def to_bill(self) -> int:
        return self.outcomes.get(Outcome.BILL, 0)

    @property
    def stopped(self) -> int:
        return self.outcomes.get(Outcome.STOPPED, 0)


def states_of(*, operator: Operator, now: datetime, months: Iterable[Month] | None = None) -> list[MonthState]:
    """The months given, or all that have bills or were rehearsed with this one and the last; newest first."""
    bills = Invoice.objects.issued().filter(kind=Invoice.Kind.INVOICE)
    wanted = None if months is None else [month.key for month in months]
    only: dict[str, Any] = {} if wanted is None else {"month__in": wanted}
    issued = dict(bills.filter(**only).order_by().values_list("month").annotate(Count("pk")))
    finished = dict(BillRun.objects.filter(**only).values_list("month", "finished_at"))
    rehearsals = _newest(Rehearsal.objects.filter(**only).select_related("sign_off"))
    issuings = _newest(Issuing.objects.filter(**only))
    this = Month.of(now, operator.zone)
    keys = wanted if wanted is not None else {this.key, this.previous().key, *issued, *finished, *rehearsals}
    return [
        MonthState(
            month=Month.from_key(key),
            over=now >= Month.from_key(key).end(operator.zone),
            issued=issued.get(key, 0),
            finished=finished.get(key) is not None,
            rehearsal=rehearsals.get(key),
            issuing=issuings.get(key),
            outcomes=rehearsals[key].sums.get("outcomes", {}) if key in rehearsals else {},
        )
        for key in sorted(keys, reverse=True)
    ]


def _newest(rows: Any) -> dict[int, Any]:
    """The newest row of each month."""
    newest = rows.model.objects.order_by().values("month").annotate(newest=Max("pk")).values("newest")
    return {row.month: row for row in rows.filter(pk__in=newest)}
