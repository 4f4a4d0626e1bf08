"""Checks closed months against their own chain and against what they closed, added up anew."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from bonafide.billing.closings.models import Closing
from bonafide.billing.closings.seal import GENESIS, SEALED, seal_of, told
from bonafide.billing.closings.totals import MonthSums, Totals, added, months_between
from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.seal import GENESIS as NO_ENTRY
from bonafide.billing.ledger.verify import Wrong
from bonafide.billing.models import Invoice
from bonafide.billing.seal import GENESIS as NO_BILL
from bonafide.periods import Month

_WORDS = {
    "settlements": "a payment of it was changed, added or taken away by hand",
    "corrections": "the row of a credit note of it was changed, added or taken away by hand",
    "usage_files": "a note of a usage file of it was changed, added or taken away by hand",
}


def first_wrong_closing(*, zone: ZoneInfo) -> Wrong | None:
    """Found are: a month that is missing, a row changed by hand, totals that documents and payments do not come to, a seal of
    bills or ledger that is not there any more, and an entry that came into a month after it was closed.
    """
    rows = list(_closings())
    if not rows:
        return None
    start, end = Month.from_key(rows[0]["month"]).first_day, rows[-1]["last_on"]
    months = months_between(start=start, end=end, zone=zone)
    before: dict[str, Any] | None = None
    place = 0
    for row in rows:
        found = months.get(row["month"]) or MonthSums()
        place = found.position or place
        what = _chained(row, before) or _content(row, found, before["cumulative"] if before else []) or _anchored(row, place)
        if what:
            return Wrong(f"closing of {Month.from_key(row['month'])}", what)
        before = row
    return None


def count_closings() -> int:
    return Closing.objects.count()


def _closings() -> Any:
    bill = Invoice.objects.filter(position=OuterRef("bills_position")).values("seal")
    of_year = Posting.objects.filter(year=OuterRef("ledger_year"))
    entry = of_year.filter(entry=OuterRef("ledger_entry")).order_by("-line").values("seal")
    later = of_year.filter(entry__gt=OuterRef("ledger_entry"), dated_on__lte=OuterRef("last_on")).order_by("entry")
    found = Closing.objects.order_by("position").annotate(
        bill_there=Subquery(bill[:1]), entry_there=Subquery(entry[:1]), late_entry=Subquery(later.values("entry")[:1])
    )
    return found.values("seal", "bill_there", "entry_there", "late_entry", *SEALED)


def _chained(row: dict[str, Any], before: dict[str, Any] | None) -> str:
    """Why it does not follow the one before."""
    month = Month.from_key(row["month"])
    if row["position"] != (before["position"] + 1 if before else 1):
        return f"stands at place {row['position']}, but the place before it is {before['position'] if before else 0}"
    if before and month != Month.from_key(before["month"]).next():
        return f"the month that follows is {Month.from_key(before['month']).next()}: one is missing"
    if row["last_on"] != month.last_day:
        return "its last day is not that of its month"
    if seal_of(content=told(row=row), previous=before["seal"] if before else GENESIS) != row["seal"]:
        return "its content is not what was sealed: it was changed by hand"
    return ""


def _content(row: dict[str, Any], found: MonthSums, before: Totals) -> str:
    if found.totals != row["totals"]:
        return f"it says {_said(row['totals'])}, and documents and payments come to {_said(found.totals)}"
    if added(before=before, totals=found.totals) != row["cumulative"]:
        return "its sums since the beginning are not those of the closing before it and its own"
    for name, digest in found.sha256.items():
        if row["digests"].get(name) != digest:
            return _WORDS[name]
    return ""


def _anchored(row: dict[str, Any], place: int) -> str:
    if row["bills_position"] != place or (row["bill_there"] or NO_BILL) != row["bills_seal"]:
        return "the last bill that it seals is not there with that seal"
    if (row["entry_there"] or NO_ENTRY) != row["ledger_seal"]:
        return f"entry {row['ledger_entry']} of {row['ledger_year']}, which it seals, is not there with that seal"
    if row["late_entry"]:
        return f"entry {row['late_entry']} of {row['ledger_year']} came into it after it was closed"
    return ""


def _said(totals: Totals) -> str:
    words = "{currency} {total_minor} billed, {credited_minor} credited, {settled_minor} paid"
    return ", ".join(words.format(**one) for one in totals) or "nothing"
