"""What an account still has to pay: its open bills, the one due first in front."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice


@dataclass(frozen=True)
class Owed:
    """What is open in one currency, on ``count`` bills of which ``oldest`` is due first."""

    currency: str
    minor: int
    count: int
    oldest: Invoice


def open_bills(*, account: Account, today: date) -> list[Owed]:
    """What is owed in each currency, the most pressing first; one query. Nothing is owed on a bill of zero or less."""
    issued = Invoice.objects.issued().with_state(today).filter(account=account, total_minor__gt=0)
    still_open = issued.filter(open_minor__gt=0).defer("seller", "buyer", "mentions")  # type: ignore[misc]  # with_state's
    by_currency: dict[str, list[Invoice]] = defaultdict(list)
    for invoice in still_open.order_by("due_on", "position"):
        by_currency[invoice.currency].append(invoice)
    return [
        Owed(currency, sum(bill.open_minor for bill in bills), len(bills), bills[0])  # type: ignore[attr-defined]
        for currency, bills in by_currency.items()
    ]
