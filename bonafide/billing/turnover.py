"""Sales to consumers elsewhere in the Union (Directive 2006/112/EC art. 59c) and the bill that crosses their threshold."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, Sum

from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import Invoice
from bonafide.billing.tax.threshold import Turnover
from bonafide.billing.taxed import with_threshold
from bonafide.money import to_minor
from bonafide.operator import Operator
from bonafide.periods import Month


def turnover_of(*, month: Month, operator: Operator) -> Turnover:
    """What was sold up to the end of ``month`` in its calendar year, and in the whole year before; one query on an index.

    The month that a bill is of decides its year. Credit notes count with their sign; of bills that were replaced, and their
    credit notes, the one in their place counts alone. Sales that are billed elsewhere come from the operator's file.
    """
    first, before = month.year * 100, (month.year - 1) * 100
    sums = Invoice.objects.filter(
        number__isnull=False,
        eu_consumer_minor__isnull=False,
        month__gt=before,
        month__lte=month.key,
        replacement=None,
        correction__original__replacement=None,
    ).aggregate(
        this=Sum("eu_consumer_minor", filter=Q(month__gt=first)),
        last=Sum("eu_consumer_minor", filter=Q(month__lt=first)),
    )
    elsewhere = {sales.year: to_minor(sales.amount, operator.billing.currency) for sales in operator.tax.other_eu_sales}
    return Turnover(
        this_year=int(sums["this"] or 0) + elsewhere.get(month.year, 0),
        last_year=int(sums["last"] or 0) + elsewhere.get(month.year - 1, 0),
    )


def at_threshold(*, bills: Sequence[ComputedBill], operator: Operator) -> list[ComputedBill]:
    """The bills, in their order, as the threshold has it after everything issued so far.

    Call it within the transaction that took the place: nobody else can issue in between, so the sale that crosses is the first
    one in the order of numbers, however many runs are at work.
    """
    if not any(bill.sale for bill in bills):
        return list(bills)
    turnover = turnover_of(month=bills[0].month, operator=operator)
    settled = []
    for bill in bills:
        now = with_threshold(bill, turnover, own=operator.tax.sentences) if bill.sale else bill
        turnover = turnover.plus(now.eu_consumer_minor or 0)
        settled.append(now)
    return settled
