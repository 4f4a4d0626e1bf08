"""Letters about automatic payments that were declined: one for each try, with what happens next."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.runs.announce import readers_of
from bonafide.mail.models import Letter
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.auto import described
from bonafide.payments.stripe.charge.tries import next_try
from bonafide.payments.stripe.charge.which import first_day, tries_of
from bonafide.payments.stripe.charge.words import why
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay

PURPOSE = "payment-declined"
ASKED = "authentication_required"
# A try that failed longer ago, before an update or in another instance, is not written about any more.
WITHIN = timedelta(days=3)


def tell_of_declines(*, operator: Operator, now: datetime) -> int:
    """Write about each try that failed lately and of which nobody was told yet; how many tries.

    Debits fail days after they were asked for, and a process may die between the failure and its letter: so what is written is
    what has no letter yet, whoever moved the attempt.
    """
    failed = Attempt.objects.filter(way=Attempt.Way.AUTO, state=AttemptState.FAILED, moved_at__gte=now - WITHIN)
    keys = {str(key): pk for pk, key in failed.values_list("pk", "key")}
    if not keys:
        return 0
    written = Letter.objects.filter(purpose=PURPOSE, at__gte=now - WITHIN - timedelta(days=1), once__isnull=False)
    for once in written.values_list("once", flat=True):
        keys.pop((once or "").split(" ")[1], None)
    told = failed.filter(pk__in=keys.values()).select_related("account", "invoice", "method").order_by("moved_at", "pk")
    return sum(_tell(attempt, operator, now) for attempt in told)


def _tell(attempt: Attempt, operator: Operator, now: datetime) -> bool:
    bill = attempt.invoice
    if bill is None or unpaid(bill) <= 0:
        return False
    console = operator.service.console_url
    page = console + reverse("bill", args=[bill.number])
    following = next_day(attempt=attempt, operator=operator)
    with transaction.atomic():
        for number, reader in enumerate(readers_of(attempt.account)):
            with translation.override(reader.language):
                by = described(attempt.method) if attempt.method else ""
                because = str(why(attempt.code))
            send_letter(
                purpose=PURPOSE,
                template="payments/email/asked" if attempt.code == ASKED else "payments/email/declined",
                to=reader.address,
                language=reader.language,
                given={
                    "account": attempt.account.name[:80],
                    "number": bill.number,
                    "amount": format_minor(attempt.amount_minor, attempt.currency, reader.language),
                    "method": by,
                    "why": because,
                    "next_on": following,
                    "pay_url": f"{page}/pay",
                    "methods_url": console + reverse("payment_methods"),
                },
                now=now,
                person=reader.person,
                account=attempt.account,
                once=f"declined {attempt.key} {reader.person.pk if reader.person else f'address {number}'}",
            )
    return True


def next_day(*, attempt: Attempt, operator: Operator) -> date | None:
    """When the bill is tried again by itself after this try; None when it is not."""
    auto_pay = AutoPay.objects.filter(account=attempt.account_id, ended_at=None).select_related("method").first()
    bill = attempt.invoice
    if auto_pay is None or bill is None or bill.due_on is None or bill.issued_on is None:
        return None
    first = first_day(auto_pay=auto_pay, due_on=bill.due_on, issued_on=bill.issued_on, operator=operator)
    tries = tries_of(invoice=bill.pk, auto_pay=auto_pay, operator=operator)
    return next_try(tries=tries, retry_days=operator.stripe.retry_days, first_day=first)
