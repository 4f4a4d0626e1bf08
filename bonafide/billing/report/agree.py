"""The report equals the ledger: its sums since the beginning are compared with what is on the accounts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.db.models import BigIntegerField, Case, F, Q, Sum, When

from bonafide.billing.ledger.models import Step
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.report.compile import Report, report_of
from bonafide.billing.report.vat import credited_to, moved
from bonafide.operator import Operator

# Every day that there can be a document of.
FIRST, LAST = date(1970, 1, 1), date(9999, 12, 31)
_BILLS = (Step.ISSUE, Step.CREDIT)


def first_difference(*, operator: Operator) -> str:
    """What the report of all days says otherwise than the ledger, in a line; empty when they are equal. Constant queries."""
    report = report_of(start=FIRST, end=LAST, operator=operator)
    return _revenue_and_vat(report) or _receivables(report)


def _revenue_and_vat(report: Report) -> str:
    sold: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for key, one in report.revenue.items():
        sign, before = -1 if key.credit else 1, sold[key.currency]
        sold[key.currency] = before[0] + sign * one.net_minor, before[1] + sign * one.tax_minor
    rows = moved(when=Q(step__in=_BILLS))
    for currency in sorted(sold.keys() | {row["currency"] for row in rows}):
        of_it = [row for row in rows if row["currency"] == currency]
        for what, minor, accounts in zip(
            ("revenue", "VAT"), sold[currency], (report.roles.revenue, report.roles.vat), strict=True
        ):
            posted, _home = credited_to(rows=of_it, accounts=accounts)
            if posted != minor:
                return f"documents come to {minor} of {what} in {currency} (minor units), the ledger's accounts to {posted}"
    return ""


def _receivables(report: Report) -> str:
    """What documents and settlements say is open, against what the report adds up from the ledger.

    Only of bills, credit notes and money on bills: what else the ledger takes off what is owed (other steps, and lines behind the
    two that a document has) is nothing of documents.
    """
    rows = moved(when=~Q(step__in=(*_BILLS, Step.SETTLEMENT)) | Q(step__in=_BILLS, line__gt=2))
    signed = Case(
        When(kind=Invoice.Kind.CREDIT_NOTE, then=-F("total_minor")), default=F("total_minor"), output_field=BigIntegerField()
    )
    issued = Invoice.objects.issued().order_by().values_list("currency").annotate(sum=Sum(signed))
    paid = Settlement.objects.order_by().values_list("invoice__currency").annotate(sum=Sum("amount_minor"))
    opened: dict[str, int] = defaultdict(int, issued)
    for currency, minor in paid:
        opened[currency] -= minor
    reported = {one.currency: one.minor for one in report.receivables}
    for currency in sorted(opened.keys() | reported.keys()):
        others, _home = credited_to(rows=[row for row in rows if row["currency"] == currency], accounts=report.roles.receivable)
        if opened[currency] != reported.get(currency, 0) + others:
            return (
                f"documents and payments leave {opened[currency]} open in {currency} (minor units), "
                f"the ledger {reported.get(currency, 0) + others}"
            )
    return ""
