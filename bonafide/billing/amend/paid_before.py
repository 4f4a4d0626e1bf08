"""What was paid of a bill before its issue (EN 16931 BT-113), as it stood then."""

from __future__ import annotations

from django.db.models import Sum

from bonafide.billing.amend.models import CARRIED
from bonafide.billing.models import Invoice


def paid_before(*, invoice: Invoice) -> int:
    """What the customer had paid in advance; of a corrected invoice what came over from the bill that it replaces.

    It is never more than the total: what is too much is to be paid back. One query for a corrected invoice, else none.
    """
    paid = invoice.prepaid_minor or 0
    if invoice.kind == Invoice.Kind.CORRECTION:
        over = invoice.settlements.filter(means=CARRIED, amount_minor__gt=0).aggregate(sum=Sum("amount_minor"))["sum"]
        paid = min(paid + (over or 0), max(invoice.total_minor, 0))
    return paid
