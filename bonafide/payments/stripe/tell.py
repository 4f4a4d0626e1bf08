"""Letters about payments to who pays, and about differences to the staff: each once, in the transaction of what they tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from bonafide.accounts.models import Account, User
from bonafide.billing.runs.announce import Reader, readers_of
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.models import Attempt, Difference


def tell_of_failed_debit(*, attempt: Attempt, operator: Operator, now: datetime) -> None:
    """That a debit which was on its way for some days was not carried out."""
    for reader in _readers(attempt.account):
        amount = format_minor(attempt.amount_minor, attempt.currency, reader.language)
        _write("debit_failed", attempt, reader, {"amount": amount}, operator, now)


def tell_of_difference(*, difference: Difference, operator: Operator, now: datetime) -> None:
    """To every active member of the staff; ``found_at`` is in the key, as what was gone may be found anew."""
    page = operator.service.console_url + reverse("admin:payments_stripe_difference_changelist")
    for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
        send_letter(
            purpose="payment-difference",
            template="payments/email/difference",
            to=person.email,
            language=person.language or operator.service.language,
            given={"said": difference.said, "page": page},
            now=now,
            person=person,
            once=f"difference {difference.pk} {difference.found_at:%Y%m%d%H%M%S} {person.pk}",
        )


def _readers(account: Account) -> list[Reader]:
    """The address for bills; who looks after the bills where there is none."""
    readers = readers_of(account)
    own = [reader for reader in readers if reader.address.lower() == account.billing_email.lower()]
    return own or readers


def _write(template: str, attempt: Attempt, reader: Reader, given: dict[str, Any], operator: Operator, now: datetime) -> None:
    number = (attempt.invoice.number if attempt.invoice else "") or ""
    console = operator.service.console_url
    send_letter(
        purpose="payment-failed",
        template=f"payments/email/{template}",
        to=reader.address,
        language=reader.language,
        given={
            **given,
            "account": attempt.account.name[:80],
            "number": number,
            "trial": operator.service.trial,
            "bill_url": console + (reverse("bill", args=[number]) if number else reverse("bills")),
            "pay_url": console + (reverse("pay", args=[number]) if number else reverse("bills")),
            "is_member": reader.person is not None,
        },
        now=now,
        person=reader.person,
        account=attempt.account,
        once=f"{template} {attempt.key} {reader.person.pk if reader.person else 0}",
    )
