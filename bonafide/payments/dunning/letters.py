"""The letters: each names every bill, what is open of it, how to pay, what follows when, and whom to tell if it is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.billing.runs.announce import Reader, readers_of
from bonafide.billing.transfer import in_fours
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.dunning.ladder import Rung
from bonafide.payments.dunning.late import FEE_CURRENCY
from bonafide.payments.dunning.models import DunningStep

PURPOSE = "unpaid-bills"
TEMPLATES = {
    DunningStep.Kind.NOTICE: "dunning/email/notice",
    DunningStep.Kind.SECOND: "dunning/email/second_notice",
    DunningStep.Kind.FORMAL: "dunning/email/formal_notice",
    DunningStep.Kind.SUSPENSION: "dunning/email/suspended",
    DunningStep.Kind.LAST: "dunning/email/last_notice",
    DunningStep.Kind.CLOSING: "dunning/email/closed",
    DunningStep.Kind.REINSTATEMENT: "dunning/email/reinstated",
}


def write_step(*, step: DunningStep, account: Account, later: Mapping[Rung, date], operator: Operator, now: datetime) -> int:
    """Write the letter of a step to who looks after the account's bills; how many. Call it in the transaction of the step.

    ``later`` has the days of the steps to come.
    """
    readers = readers_of(account)
    bills = list(step.bills.select_related("invoice").order_by("invoice__due_on", "invoice__position"))
    for number, reader in enumerate(readers):
        send_letter(
            purpose=PURPOSE,
            template=TEMPLATES[DunningStep.Kind(step.kind)],
            to=reader.address,
            language=reader.language,
            given={
                **_said(bills, reader, operator),
                "account": account.name[:80],
                "consumer": account.kind == Account.Kind.PERSON,
                "next_kind": step.next_kind,
                "next_on": step.next_on,
                "suspension_on": later.get(Rung.SUSPENSION),
                "closing_on": later.get(Rung.CLOSING),
                "trial": operator.service.trial,
                "is_member": reader.person is not None,
            },
            now=now,
            person=reader.person,
            account=account,
            once=f"dunning {step.key} {number}",
        )
    return len(readers)


def _said(bills: Iterable[Any], reader: Reader, operator: Operator) -> dict[str, Any]:
    """The bills as one reader reads them, with sums by currency."""
    open_by: dict[str, int] = defaultdict(int)
    interest_by: dict[str, int] = defaultdict(int)
    fees, rows, bank = 0, [], None
    for bill in bills:
        invoice: Invoice = bill.invoice
        open_by[invoice.currency] += bill.open_minor
        interest_by[invoice.currency] += bill.interest_minor
        fees += bill.fee_minor
        bank = bank or invoice.seller.get("bank")
        page = operator.service.console_url + reverse("bill", args=[invoice.number])
        rows.append(
            {
                "number": invoice.number,
                "open": format_minor(bill.open_minor, invoice.currency, reader.language),
                "due_on": invoice.due_on,
                "pay_url": f"{page}/pay",
                "reference": in_fours(invoice.payment_reference) if invoice.payment_reference else invoice.number,
            }
        )
    return {
        "bills": rows,
        "total": _sum(open_by, reader.language),
        "interest": _sum(interest_by, reader.language),
        "fees": format_minor(fees, FEE_CURRENCY, reader.language) if fees else "",
        "holder": bank["holder"] if bank else "",
        "iban": in_fours(bank["iban"]) if bank else "",
        "bic": bank.get("bic", "") if bank else "",
    }


def _sum(by_currency: dict[str, int], language: str) -> str:
    return " + ".join(format_minor(minor, currency, language) for currency, minor in by_currency.items() if minor)
