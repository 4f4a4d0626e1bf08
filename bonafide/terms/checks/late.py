"""Bills that are late: every suspension and closing had its letters and its time, and nobody is suspended who has paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from bonafide.accounts.models import Account
from bonafide.billing.models import Correction, Invoice, Settlement
from bonafide.operator import Operator
from bonafide.operator_dunning import LAST_LETTER_DAYS
from bonafide.payments.dunning.ladder import LETTERS, Rung
from bonafide.payments.dunning.models import DunningBill, DunningCase, DunningStep, Suspension
from bonafide.payments.models import Receipt
from bonafide.terms.finding import Finding
from bonafide.terms.late import MEASURES, SWITCH, setting_of
from bonafide.terms.models import Version

_YEAR = timedelta(days=366)  # how far back steps are looked at, which is long before any of them is deleted
_DAY = timedelta(days=1)
_WITHIN = timedelta(hours=1)
_WRITTEN = (*LETTERS, Rung.LAST)


def steps_come_as_promised(operator: Operator, now: datetime) -> Finding:
    """What was done in the last year, against what was promised on its day; and whoever is suspended now has bills to pay."""
    done = DunningStep.objects.filter(done_at__gt=now - _YEAR, done_at__lte=now)
    counts = {
        "letters": done.filter(kind__in=_WRITTEN).count(),
        "suspensions": Suspension.objects.filter(since__gt=now - _YEAR).count(),
        "closings": done.filter(kind=Rung.CLOSING).count(),
        "suspended": Suspension.objects.filter(until=None).count(),
    }
    promises = _Promises.read(operator)
    for key, at in done.exclude(kind=DunningStep.Kind.REINSTATEMENT).values_list("key", "done_at"):
        if at and promises.of(at).get(SWITCH) is False:
            return Finding(counts, f"step {key} was done on {at:%Y-%m-%d}, when the terms said that nothing follows by itself")
    fault = next(
        chain(_suspended_wrongly(promises, now), _closed_wrongly(promises, now), _suspended_though_paid(operator, now)), ""
    )
    return Finding(counts, fault)


@dataclass(frozen=True)
class _Promises:
    """What the terms promised of late bills at each time: the versions, the youngest first, and the file where none says it."""

    versions: list[tuple[datetime, Mapping[str, Any]]]
    of_the_file: Mapping[str, Any]

    @classmethod
    def read(cls, operator: Operator) -> _Promises:
        rows = Version.objects.order_by("-number").values_list("effective_at", "facts")
        told = [(since, facts.get("L1", {}).get("values", {})) for since, facts in rows]
        own = {measure.setting: measure.of(operator) for measure in MEASURES} if operator.dunning.enabled else {}
        return cls(told, own)

    def of(self, at: datetime) -> Mapping[str, Any]:
        """By setting; empty where nothing was promised yet."""
        return next((values for since, values in self.versions if since <= at), None) or self.of_the_file

    def days(self, key: str, at: datetime, kinds: set[bool]) -> int | None:
        """The fewest days that any of these kinds of customers was promised: 0 for never, None where nothing was promised."""
        told = [self.of(at).get(setting_of(key, consumers=kind)) for kind in kinds]
        found = {int(days) for days in told if days is not None}
        return min(found - {0}, default=0 if found else None)


@dataclass(frozen=True)
class _Followed:
    """A case with its steps that were done; ``kinds`` has whether its customer is a consumer, by account and by bills."""

    case: DunningCase
    steps: dict[str, DunningStep]
    kinds: set[bool]

    @classmethod
    def of(cls, case: DunningCase) -> _Followed:
        steps = {step.kind: step for step in case.steps.all() if step.done_at}
        bought = {bill.invoice.buyer.get("kind") for step in steps.values() for bill in step.bills.all()}
        kinds = {kind == Account.Kind.PERSON for kind in (case.account.kind, *bought)}
        return cls(case, steps, kinds)

    @property
    def letters(self) -> list[DunningStep]:
        return [self.steps[kind] for kind in LETTERS if kind in self.steps]

    def days_between(self, before: DunningStep, after: DunningStep) -> int:
        return (after.done_on - before.done_on).days if before.done_on and after.done_on else 0


def _cases(ids: Any) -> list[_Followed]:
    found = DunningCase.objects.filter(pk__in=list(ids)).select_related("account")
    return [_Followed.of(case) for case in found.prefetch_related("steps__bills__invoice").order_by("pk")]


def _suspended_wrongly(promises: _Promises, now: datetime) -> Any:
    begun = dict(Suspension.objects.filter(since__gt=now - _YEAR).values_list("case_id", "since"))
    for followed in _cases(begun):
        if fault := _of_suspension(followed, begun[followed.case.pk], promises):
            yield f"the suspension of case {followed.case.pk} {fault}"


def _of_suspension(followed: _Followed, since: datetime, promises: _Promises) -> str:
    step = followed.steps.get(Rung.SUSPENSION)
    if step is None or step.done_at is None or step.done_on is None or since < step.done_at:
        return "was nobody's step"
    if fault := _unplanned(step):
        return fault
    letters = [letter for letter in followed.letters if letter.done_on and letter.done_on <= step.done_on]
    about = {bill.invoice_id: bill.invoice.due_on for bill in step.bills.all()}
    named = {bill.invoice_id for letter in letters for bill in letter.bills.all()}
    if not about.keys() & named:
        return "came without a letter that named its bills"
    if followed.kinds == {True} and Rung.FORMAL not in {letter.kind for letter in letters}:
        return "came without a formal notice, to a consumer"
    pause = promises.days("days_to_pay", step.done_at, followed.kinds)
    if pause and min(followed.days_between(letter, step) for letter in letters) < pause:
        return f"came less than {pause} days after the last letter"
    after = promises.days("suspend_days", step.done_at, followed.kinds)
    due_on = min((day for day in about.values() if day), default=step.done_on)
    if after is not None and (not after or (step.done_on - due_on).days < after):
        return f"came sooner than {after} days after the due date" if after else "was not among what the terms said"
    return ""


def _closed_wrongly(promises: _Promises, now: datetime) -> Any:
    closed = DunningStep.objects.filter(kind=Rung.CLOSING, done_at__gt=now - _YEAR).values_list("case_id", flat=True)
    for followed in _cases(closed):
        if fault := _of_closing(followed, promises):
            yield f"the closing of case {followed.case.pk} {fault}"


def _of_closing(followed: _Followed, promises: _Promises) -> str:
    step, before, last = (followed.steps.get(rung) for rung in (Rung.CLOSING, Rung.SUSPENSION, Rung.LAST))
    if step is None or step.done_at is None or before is None:
        return "came without a suspension"
    if fault := _unplanned(step):
        return fault
    if last is None or followed.days_between(last, step) < LAST_LETTER_DAYS:
        return f"came without a last letter {LAST_LETTER_DAYS} days before"
    after = promises.days("close_days", step.done_at, followed.kinds)
    if after is not None and (not after or followed.days_between(before, step) < after):
        return f"came sooner than {after} days after the suspension" if after else "was not among what the terms said"
    return ""


def _unplanned(step: DunningStep) -> str:
    return "" if step.done_at and step.done_at - step.planned_at >= _DAY else "was not planned a day before"


def _suspended_though_paid(operator: Operator, now: datetime) -> Any:
    """Of who is suspended now, by the bills that letters named; money of the last hour may still be on its way through."""
    suspended = {held.case_id: held for held in Suspension.objects.filter(until=None).select_related("case").order_by("pk")}
    for held in suspended.values():
        if held.case.ended_at and held.case.ended_at < now - _WITHIN:
            yield f"suspension {held.pk} went on after its case had ended"
    named = DunningBill.objects.filter(step__case__in=list(suspended), step__done_at__isnull=False)
    of_case: dict[int, set[int]] = {pk: set() for pk in suspended}
    for case, bill in named.values_list("step__case_id", "invoice_id"):
        of_case[case].add(bill)
    today = now.astimezone(operator.zone).date()
    every = Invoice.objects.filter(pk__in=set().union(*of_case.values())).with_state(today)
    unpaid = set(every.filter(open_minor__gt=0).values_list("pk", flat=True))  # type: ignore[misc]  # with_state's
    over = {pk: bills for pk, bills in of_case.items() if not bills & unpaid}
    fresh = _just_paid(set().union(*over.values()), now)
    for pk, bills in over.items():
        if not bills & fresh:
            yield f"suspension {suspended[pk].pk} went on for more than an hour after its bills were paid"


def _just_paid(bills: set[int], now: datetime) -> set[int]:
    """Those of the bills for which money or a credit note was booked within the hour."""
    notes = Correction.objects.filter(original__in=bills, document__issued_at__gt=now - _WITHIN)
    booked = set(Receipt.objects.filter(taken_at__gt=now - _WITHIN).values_list("means", "reference"))
    money = Settlement.objects.filter(invoice__in=bills).values_list("invoice_id", "means", "reference")
    paid = {pk for pk, means, ref in money if (means, ref) in booked or (means, ref.rpartition("/")[0]) in booked}
    return paid | set(notes.values_list("original_id", flat=True))
