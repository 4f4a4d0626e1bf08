"""Letters about refunds: to the customer when one is sent, to the staff when one came back."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import translation

from bonafide.billing.models import Invoice
from bonafide.billing.runs.announce import readers_of
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.auto import described
from bonafide.payments.stripe.dispute_letters import tell_staff
from bonafide.payments.stripe.models import Refund


def tell_refunded(*, refund: Refund, bill: Invoice, operator: Operator, now: datetime) -> None:
    """Money is on its way back; in the transaction that notes it."""
    attempt = refund.attempt
    for number, reader in enumerate(readers_of(attempt.account)):
        with translation.override(reader.language):
            by = described(attempt.method) if attempt.method else ""
        send_letter(
            purpose="refund",
            template="payments/email/refunded",
            to=reader.address,
            language=reader.language,
            given={
                "account": attempt.account.name[:80],
                "number": bill.number,
                "credit_note": refund.credit_note.number,
                "amount": format_minor(refund.amount_minor, attempt.currency, reader.language),
                "method": by,
                "bill_url": operator.service.console_url + reverse("bill", args=[bill.number]),
            },
            now=now,
            person=reader.person,
            account=attempt.account,
            once=f"refund {refund.key} {reader.person.pk if reader.person else f'address {number}'}",
        )


def tell_refund_failed(*, refund: Refund, came_back: bool, operator: Operator, now: datetime) -> None:
    """The customer's bank did not take it: staff find another way; in the transaction that notes it."""
    tell_staff(
        template="payments/email/refund_failed",
        once=f"refund {refund.pk} failed",
        attempt=refund.attempt,
        minor=refund.amount_minor,
        page=reverse("admin:payments_stripe_refund_change", args=[refund.pk]),
        given={"came_back": came_back, "credit_note": refund.credit_note.number},
        operator=operator,
        now=now,
    )
