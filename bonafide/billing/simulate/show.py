"""The simulated months of a test account: beside the month before, and as a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO

from bonafide.accounts.models import Account
from bonafide.billing.models import SimulatedBill
from bonafide.money import exponent, from_minor

HEADER = ["account", "month", "what", "text", "meter", "quantity", "unit", "unit_price", "amount", "currency"]


@dataclass(frozen=True)
class SimulatedMonth:
    """``change_minor`` is against the month before, before tax; None where that came to nothing in the same currency."""

    bill: SimulatedBill
    change_minor: int | None


def simulated_months(*, account: Account) -> list[SimulatedMonth]:
    """From the first to the last; one query."""
    bills = list(SimulatedBill.objects.filter(account=account).order_by("month"))
    before: list[SimulatedBill | None] = [None, *bills]
    return [
        SimulatedMonth(
            bill, bill.net_minor - last.net_minor if last and last.currency == bill.currency and bill.currency else None
        )
        for bill, last in zip(bills, before, strict=False)
    ]


def as_csv(*, account: Account) -> str:
    """A row for each line, tax and total of each month, and for each month that could not be worked out, why not."""
    out = StringIO()
    write = csv.writer(out).writerow
    write(HEADER)
    for month in simulated_months(account=account):
        bill = month.bill
        start = [harmless(account.reference), str(bill.of)]
        if bill.problem:
            write([*start, "problem", harmless(bill.problem), "", "", "", "", "", ""])
            continue
        for line in bill.lines:
            said = [harmless(line["text"]), harmless(line["meter"]), line["quantity"], harmless(line["unit"]), line["unit_price"]]
            write([*start, "line", *said, _amount(line["net_minor"], bill.currency), bill.currency])
        for tax in bill.taxes:
            said = [harmless(f"{tax['category']} {tax['rate']} % {tax['reason']}".strip()), "", "", "", ""]
            write([*start, "tax", *said, _amount(tax["tax_minor"], bill.currency), bill.currency])
        for what, minor in (("net", bill.net_minor), ("total", bill.total_minor)):
            write([*start, what, "", "", "", "", "", _amount(minor, bill.currency), bill.currency])
    return out.getvalue()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _amount(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):.{exponent(currency)}f}"
