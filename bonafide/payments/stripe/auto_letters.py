"""Letters that confirm automatic payment, chosen or ended, with the words that were agreed to."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from bonafide.billing.runs.announce import readers_of
from bonafide.mail.send import send_letter
from bonafide.operator import Operator
from bonafide.payments.stripe.models import AutoPay


def tell_chosen(*, auto_pay: AutoPay, operator: Operator, now: datetime) -> None:
    """Confirm what was agreed to; in the transaction of the choice."""
    _tell("payments/email/auto_chosen", f"auto-pay {auto_pay.pk}", auto_pay, operator, now)


def tell_ended(*, auto_pay: AutoPay, operator: Operator, now: datetime) -> None:
    """Confirm that nothing is charged by itself any more; in the transaction of the end."""
    _tell("payments/email/auto_ended", f"auto-pay {auto_pay.pk} ended", auto_pay, operator, now)


def _tell(template: str, once: str, auto_pay: AutoPay, operator: Operator, now: datetime) -> None:
    console = operator.service.console_url
    by = auto_pay.ended_by if auto_pay.ended_at else auto_pay.agreed_by
    for number, reader in enumerate(readers_of(auto_pay.account)):
        send_letter(
            purpose="automatic-payment",
            template=template,
            to=reader.address,
            language=reader.language,
            given={
                "account": auto_pay.account.name[:80],
                "words": auto_pay.words,
                "by": by.username if by else "",
                "method": auto_pay.method,
                "methods_url": console + reverse("payment_methods"),
            },
            now=now,
            person=reader.person,
            account=auto_pay.account,
            once=f"{once} {reader.person.pk if reader.person else number}",
        )
