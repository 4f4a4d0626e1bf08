"""Letters to the staff about money that left again: each once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from bonafide.accounts.models import User
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.models import Attempt, Dispute

PURPOSE = "payment-undone"


def tell_of_dispute(*, dispute: Dispute, operator: Operator, now: datetime) -> None:
    """Somebody disputes a payment; in the transaction of the row."""
    page = reverse("admin:payments_stripe_dispute_change", args=[dispute.pk])
    given = {"reason": dispute.reason.replace("_", " "), "answer_by": dispute.answer_by, "state": dispute.state}
    tell_staff(
        template="payments/email/disputed",
        once=f"dispute {dispute.pk}",
        attempt=dispute.attempt,
        minor=dispute.amount_minor,
        page=page,
        given=given,
        operator=operator,
        now=now,
    )


def tell_staff(
    *,
    template: str,
    once: str,
    attempt: Attempt,
    minor: int,
    page: str,
    given: dict[str, Any],
    operator: Operator,
    now: datetime,
) -> None:
    """Write to everybody of the staff about a payment, with the amount in their language and a page of the back office."""
    for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
        language = person.language or operator.service.language
        send_letter(
            purpose=PURPOSE,
            template=template,
            to=person.email,
            language=language,
            given={
                "account": attempt.account.name[:80],
                "number": attempt.invoice.number if attempt.invoice else "",
                "amount": format_minor(minor, attempt.currency, language),
                "page": operator.service.console_url + page,
                **given,
            },
            now=now,
            person=person,
            once=f"{once} {person.pk}",
        )
