"""After a withdrawal: what the consumer owes, and what was billed beyond it goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.correct import CreditRefused, credit
from bonafide.billing.models import Correction, Invoice
from bonafide.contracts.models import Contract
from bonafide.contracts.pro_rata import days_by_month, owed, split_fee
from bonafide.operator import Operator
from bonafide.periods import Month


@dataclass(frozen=True)
class Settled:
    """``kept_minor`` is what is owed of the fee by the month, with VAT; ``refund_minor`` what was paid beyond what is owed.

    ``by_hand`` says that a bill could not be corrected by itself.
    """

    kept_minor: int
    refund_minor: int
    by_hand: bool = False


def settle_up(*, contract: Contract, on: date, key: str, operator: Operator, now: datetime) -> Settled:
    """Work out what is owed by ``on``, the day of the withdrawal, and take back what bills say beyond it.

    A month that is not billed yet needs nothing: its bill is by the days that the plan lasted, and by no day when it never began.
    One that was billed by its days is right already; what a plan that bills whole months took beyond them is credited.
    Call it inside a transaction, once the plan has ended.
    """
    kept, by_hand, bills = 0, False, []
    others = list(contract.account.contracts.exclude(pk=contract.pk).defer("summary"))
    for month, used, days in days_by_month(first=contract.starts_on, last=on):
        on_request = contract.begin_at_once
        owed_net = split_fee(fee_minor=contract.net_minor, days_used=used, days=days, on_request=on_request).kept_minor
        kept += split_fee(fee_minor=contract.price_minor, days_used=used, days=days, on_request=on_request).kept_minor
        bill = _bill(contract, month)
        if bill is None:
            continue
        bills.append(bill.pk)
        beyond = _fees(bill) - owed_net - sum(_owed_in(other, month) for other in others)
        if beyond > 0:
            try:
                _take_back(bill, beyond, contract, f"{key} {month}", operator, now)
            except CreditRefused:
                by_hand = True
    return Settled(kept, _paid_beyond(bills, on), by_hand)


def _bill(contract: Contract, month: Month) -> Invoice | None:
    bills = Invoice.objects.issued().filter(account=contract.account_id, month=month.key, kind=Invoice.Kind.INVOICE)
    return bills.first()


def _fees(bill: Invoice) -> int:
    """What the bill charges by the month, whatever was used: its lines without a meter."""
    return int(bill.lines.filter(meter="").aggregate(sum=Sum("net_minor"))["sum"] or 0)


def _owed_in(contract: Contract, month: Month) -> int:
    """What another contract of the account owes of its fee for the month."""
    first, last = max(contract.starts_on, month.first_day), min(contract.last_on or month.last_day, month.last_day)
    if last < first or (contract.withdrawn_at and not contract.begin_at_once):
        return 0
    return owed(fee_minor=contract.net_minor, days_used=(last - first).days + 1, days=month.last_day.day)


def _take_back(bill: Invoice, net_minor: int, contract: Contract, key: str, operator: Operator, now: datetime) -> None:
    with translation.override(bill.language):
        reason = _("withdrawal from contract %(reference)s") % {"reference": contract.reference}
    taken = Correction.objects.filter(original=bill).aggregate(net=Sum("document__net_minor"))["net"] or 0
    net_minor = min(net_minor, bill.net_minor - taken)
    if net_minor > 0:
        credit(invoice=bill, net_minor=net_minor, reason=reason, key=key, operator=operator, now=now)


def _paid_beyond(bills: list[int], on: date) -> int:
    found = Invoice.objects.filter(pk__in=bills).with_state(on)
    return sum(max(0, -bill.open_minor) for bill in found)  # type: ignore[attr-defined]
