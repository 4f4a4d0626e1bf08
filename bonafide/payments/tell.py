"""Write to who looks after the bills that money came: for which bills, how much, when, and by which means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.billing.models import Settlement
from bonafide.billing.runs.announce import Reader, readers_of
from bonafide.languages import written_day
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.payments.models import Receipt

_MEANS: dict[str, str | Promise] = {
    "transfer": _("bank transfer"),
    "stripe": _("Stripe"),
    "card": _("card"),
    "sepa_debit": _("SEPA direct debit"),
}


def tell_received(*, receipt: Receipt, now: datetime) -> int:
    """One letter a receipt and reader of each account that it paid for; how many were written. Again, it writes none.

    Call it in the transaction in which the receipt was booked. One payment may be for bills of several customers: each reads of
    their own bills alone, and the rest that is kept is told to whose it is.
    """
    paid: dict[int, list[Settlement]] = {}
    accounts: dict[int, Account] = {}
    for row in _settled_by(receipt):
        accounts[row.invoice.account_id] = row.invoice.account
        paid.setdefault(row.invoice.account_id, []).append(row)
    if receipt.kept_minor and receipt.account is not None:
        accounts.setdefault(receipt.account.pk, receipt.account)
    means = _MEANS.get(receipt.means, receipt.means)
    told = 0
    for pk, account in accounts.items():
        kept = receipt.kept_minor if pk == receipt.account_id else 0
        for reader in readers_of(account):
            told += _write(receipt, account, paid.get(pk, []), kept, means, reader, now)
    return told


def _settled_by(receipt: Receipt) -> list[Settlement]:
    mine = Q(reference=receipt.reference) | Q(reference__startswith=f"{receipt.reference}/")
    settled = Settlement.objects.filter(mine, means=receipt.means, amount_minor__gt=0)
    return list(settled.select_related("invoice__account").order_by("pk"))


def _write(
    receipt: Receipt,
    account: Account,
    paid: list[Settlement],
    kept_minor: int,
    means: str | Promise,
    reader: Reader,
    now: datetime,
) -> bool:
    console, language = settings.OPERATOR.service.console_url, reader.language
    bills: list[dict[str, Any]] = [
        {
            "number": row.invoice.number,
            "amount": format_minor(row.amount_minor, receipt.currency, language),
            "url": console + reverse("bill", args=[row.invoice.number]),
        }
        for row in paid
    ]
    whole = kept_minor + sum(row.amount_minor for row in paid)
    letter = send_letter(
        purpose="payment_received",
        template="payments/email/payment_received",
        to=reader.address,
        language=language,
        given={
            "account": account.name[:80],
            "amount": format_minor(whole, receipt.currency, language),
            "day": written_day(receipt.received_on, language),
            "means": means,
            "bills": bills,
            "kept": format_minor(kept_minor, receipt.currency, language) if kept_minor else "",
            "bills_url": console + reverse("bills"),
            "is_member": reader.person is not None,
            "trial": settings.OPERATOR.service.trial,
        },
        now=now,
        person=reader.person,
        account=account,
        once=f"payment-received {receipt.pk} {account.pk} {reader.person.pk if reader.person else 'bills'}",
    )
    return letter is not None
