"""The day on which an unpaid bill is charged by itself next. Reads only."""

from __future__ import annotations

from datetime import date, datetime

from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.payments.stripe.begin import replaced_by
from bonafide.payments.stripe.charge.tries import next_try
from bonafide.payments.stripe.charge.which import first_day, tries_of
from bonafide.payments.stripe.models import ENDED, Attempt, AutoPay, Dispute, Method


def charged_on(*, invoice: Invoice, operator: Operator, now: datetime) -> date | None:
    """The day on which a bill that is open is charged, by the rules of ``bills_due``; None when it is not any more.

    What happened to a bill that was replaced counts for the one in its place. One query where nobody agreed to it, else six.
    """
    chosen = AutoPay.objects.filter(account=invoice.account_id, ended_at=None, method__removed_at=None).select_related("method")
    auto_pay = chosen.first()
    if auto_pay is None or invoice.due_on is None or invoice.issued_on is None:
        return None
    if auto_pay.method.kind == Method.Kind.SEPA_DEBIT and invoice.currency != "EUR":
        return None
    bills = replaced_by(invoice)
    under_way = Attempt.objects.filter(invoice__in=bills).exclude(state__in=ENDED).exists()
    if under_way or Dispute.objects.filter(attempt__invoice__in=bills).exists():
        return None
    first = first_day(auto_pay=auto_pay, due_on=invoice.due_on, issued_on=invoice.issued_on, operator=operator)
    tries = tries_of(invoice=invoice.pk, auto_pay=auto_pay, operator=operator)
    day = next_try(tries=tries, retry_days=operator.stripe.retry_days, first_day=first)
    return max(day, now.astimezone(operator.zone).date()) if day else None
