"""What a credit note takes back of a bill that was paid in advance comes back as money in advance."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, Sum

from bonafide.billing.balance.models import Grant, GrantKind
from bonafide.billing.ledger.post import BALANCE, post_settlement
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.taxed import at_home
from bonafide.operator import Operator


def give_back(*, document: Invoice, original: Invoice, operator: Operator, now: datetime) -> Grant | None:
    """Give back what is paid too much on ``original`` now, at most what it took from money in advance; None for nothing.

    A credit note first lowers what is still open. Vouchers and credits are not given back: staff grant anew what is fair. What
    comes back does not expire. Call it within the transaction of the credit note, once that is written down and posted.
    """
    if not original.prepaid_minor:
        return None
    sums = original.settlements.aggregate(
        settled=Sum("amount_minor"), back=Sum("amount_minor", filter=Q(means=BALANCE, amount_minor__lt=0))
    )
    credited: int = original.corrections.aggregate(sum=Sum("document__total_minor"))["sum"] or 0
    too_much = (sums["settled"] or 0) - max(0, original.total_minor - credited)
    minor = min(too_much, original.prepaid_minor + (sums["back"] or 0))
    if minor <= 0:
        return None
    assert document.issued_on is not None  # noqa: S101 - the table's own check constraint
    settlement = Settlement.objects.create(
        invoice=original,
        amount_minor=-minor,
        received_on=document.issued_on,
        means=BALANCE,
        reference=str(document.number),
    )
    post_settlement(settlement=settlement, operator=operator, now=None)
    return Grant.objects.create(
        account_id=original.account_id,
        kind=GrantKind.PREPAID,
        currency=original.currency,
        amount_minor=minor,
        home_minor=at_home(minor=minor, currency=original.currency, exchange=original.exchange),
        starts_on=document.issued_on,
        reason=str(document.number),
        key=f"credit note {document.number}",
        document=document,
        made_at=now,
    )
