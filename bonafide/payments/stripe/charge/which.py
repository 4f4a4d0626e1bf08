"""Which bills are to be charged by themselves now. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.payments.stripe.charge.tries import Try, next_try
from bonafide.payments.stripe.models import ENDED, Attempt, AttemptState, AutoPay, Dispute, Method
from bonafide.payments.stripe.replaced import in_place_of

LIVE = ("sk_live_", "rk_live_")


@dataclass(frozen=True)
class Due:
    """A bill to be charged to what the customer agreed to, by ``auto_pay`` (an id); ``tries`` so many were made before."""

    invoice: int
    number: str
    account: int
    auto_pay: int
    method: int
    kind: str
    currency: str
    amount_minor: int
    tries: int = 0


def bills_due(*, operator: Operator, now: datetime, of: Sequence[int] | None = None) -> list[Due]:
    """Bills of accounts with automatic payment that are open, due and free, the longest due first; ``of``: of these alone.

    Left out: what an attempt is under way for (a page of Stripe's that is open included), what was disputed once, bills of a
    trial when the key is a live one, and bills in another currency than euro for a SEPA debit. What happened to a bill that was
    replaced counts for the one in its place. Five queries, and one more for each further time that bills were replaced.
    """
    today = now.astimezone(operator.zone).date()
    chosen = AutoPay.objects.filter(ended_at=None, method__removed_at=None, account__is_test=False).select_related("method")
    mine = Attempt.objects.filter(invoice=OuterRef("pk"))
    found = Invoice.objects.issued().exclude(kind=Invoice.Kind.CREDIT_NOTE)
    if of is None:
        by_account = {row.account_id: row for row in chosen}
        found = found.filter(account__in=chosen.values("account"))
    else:
        found = found.filter(pk__in=of)
        by_account = {row.account_id: row for row in chosen.filter(account__in=found.values("account"))}
    found = found.filter(~Exists(mine.exclude(state__in=ENDED)), total_minor__gt=0, due_on__lte=today)
    found = found.exclude(Exists(Dispute.objects.filter(attempt__invoice=OuterRef("pk")))).exclude(pk__in=_taken_before())
    if settings.STRIPE_SECRET_KEY.startswith(LIVE):
        found = found.filter(trial=False)
    rows = list(
        found.with_state(today)
        .filter(open_minor__gt=0)  # type: ignore[misc]  # with_state's
        .order_by("due_on", "position")
        .values_list("pk", "number", "account_id", "currency", "open_minor", "due_on", "issued_on")
    )
    tried = _tries((row[0] for row in rows), operator) if rows else {}
    due = []
    for invoice, number, account, currency, minor, due_on, issued_on in rows:
        auto_pay = by_account.get(account)
        if auto_pay is None or (auto_pay.method.kind == Method.Kind.SEPA_DEBIT and currency != "EUR"):
            continue
        tries = [one for at, method, one in tried[invoice] if method == auto_pay.method_id and at >= auto_pay.agreed_at]
        first = first_day(auto_pay=auto_pay, due_on=due_on, issued_on=issued_on, operator=operator)
        day = next_try(tries=tries, retry_days=operator.stripe.retry_days, first_day=first)
        if day is not None and day <= today:
            method = auto_pay.method
            known = (invoice, number or "", account, auto_pay.pk, method.pk, method.kind, currency, minor, len(tries))
            due.append(Due(*known))
    return due


def _taken_before() -> set[int]:
    """Bills in whose place others were, for which an attempt is under way or which were disputed."""
    under_way = Attempt.objects.exclude(state__in=ENDED).filter(invoice__isnull=False)
    disputed = Dispute.objects.filter(attempt__invoice__isnull=False)
    return in_place_of(bills=under_way.values("invoice")) | in_place_of(bills=disputed.values("attempt__invoice"))


def first_day(*, auto_pay: AutoPay, due_on: date, issued_on: date, operator: Operator) -> date:
    """When a bill may be charged first: when it is due; a debit not before its notice, which begins with bill and consent."""
    if auto_pay.method.kind != Method.Kind.SEPA_DEBIT:
        return due_on
    agreed_on = auto_pay.agreed_at.astimezone(operator.zone).date()
    return max(due_on, max(issued_on, agreed_on) + timedelta(days=operator.stripe.debit_notice_days))


def tries_of(*, invoice: int, auto_pay: AutoPay, operator: Operator) -> list[Try]:
    """The tries of one bill since the consent, by what it names."""
    found = _tries([invoice], operator)[invoice]
    return [one for at, method, one in found if method == auto_pay.method_id and at >= auto_pay.agreed_at]


def _tries(invoices: Iterable[int], operator: Operator) -> dict[int, list[tuple[datetime, int | None, Try]]]:
    """Of each bill its attempts by themselves that are over: when, by which means of payment, and how they ended."""
    tried: dict[int, list[tuple[datetime, int | None, Try]]] = defaultdict(list)
    over = Attempt.objects.filter(way=Attempt.Way.AUTO, state__in=ENDED, invoice__in=list(invoices)).order_by("begun_at", "pk")
    rows = over.values_list("invoice", "method", "begun_at", "state", "code", "intent_id")
    for invoice, method, at, state, code, intent in rows:
        if state == AttemptState.CANCELLED and intent is None:
            continue  # given up before Stripe was asked: no try
        day = at.astimezone(operator.zone).date()
        tried[invoice or 0].append((at, method, Try(day, code, succeeded=state == AttemptState.SUCCEEDED)))
    return tried
