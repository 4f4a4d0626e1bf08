"""The operator's service is told of money that came and went back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bonafide.billing.models import Invoice
from bonafide.payments.models import Receipt, Returned
from bonafide.webhooks.emit import emit


def tell_received(*, receipt: Receipt, bills: Sequence[Invoice], now: datetime) -> None:
    """Tell ``payment.received``; ``bills`` are those that it was booked on. In the transaction that books it."""
    data = _data(receipt, receipt.amount_minor, bills)
    data |= {"kept_minor": receipt.kept_minor, "received_on": receipt.received_on.isoformat()}
    emit(kind="payment.received", key=f"payment.received {receipt.pk}", data=data, now=now, account_id=_whose(receipt, bills))


def tell_returned(*, returned: Returned, bills: Sequence[Invoice], now: datetime) -> None:
    """Tell ``payment.returned``; ``bills`` are those that the payment was on. In the transaction that books it."""
    receipt = returned.receipt
    data = _data(receipt, returned.amount_minor, bills)
    data |= {"return_reference": returned.reference, "returned_on": returned.returned_on.isoformat()}
    emit(kind="payment.returned", key=f"payment.returned {returned.pk}", data=data, now=now, account_id=_whose(receipt, bills))


def _whose(receipt: Receipt, bills: Sequence[Invoice]) -> int | None:
    """The account that it is about: money of nobody known is about whose bill it paid."""
    return receipt.account_id or next((bill.account_id for bill in bills), None)


def _data(receipt: Receipt, minor: int, bills: Sequence[Invoice]) -> dict[str, Any]:
    account = receipt.account or next((bill.account for bill in bills), None)
    return {
        "account": account.reference if account else None,
        "means": receipt.means,
        "reference": receipt.reference,
        "currency": receipt.currency,
        "amount_minor": minor,
        "bills": [bill.number for bill in bills],
    }
