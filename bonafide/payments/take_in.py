"""Money came: it settles bills, each as far as it is open, and what is left over is kept for the customer. Booked once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account
from bonafide.billing.amend.give_up import unpaid
from bonafide.billing.amend.rectify import stands_for
from bonafide.billing.balance.grant import grant
from bonafide.billing.balance.models import GrantKind
from bonafide.billing.issue import lock_numbers
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle_locked
from bonafide.billing.taxed import at_home
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.models import Receipt
from bonafide.payments.tell_service import tell_received


class ReceiptRefused(Refused):
    """Money that cannot be booked so."""


def take_in(
    *,
    account: Account | None,
    currency: str,
    amount_minor: int,
    received_on: date,
    means: str,
    reference: str,
    bills: Iterable[tuple[Invoice, int | None]],
    operator: Operator,
    now: datetime,
) -> Receipt:
    """Book ``amount_minor`` that came on ``received_on``: on the bills in their order, and the rest as money in advance.

    Of each bill (or of the one in its place) what is open is settled, at most the amount beside it, where there is one. The same
    ``means`` and ``reference`` again return the receipt that is there, whatever bills are named. Who was suspended and has paid
    with it is reinstated (``settings.PAYMENT_TAKEN``). All of it happens, or nothing.

    :param account: whose money the rest is.
    :raises ReceiptRefused: for no amount or no identity, a bill in another currency, a rest that is nobody's, or when the same
        payment is booked already with another amount.
    """
    if amount_minor <= 0:
        raise ReceiptRefused(f"payment {reference} ({means}): expected an amount above zero, not {amount_minor}")
    if not means or not reference or len(reference) > 100:
        raise ReceiptRefused(f"payment {reference!r} ({means}): expected its means, and a reference of at most 100 characters")
    bills = list(bills)
    reinstating = import_string(settings.PAYMENT_TAKEN)
    with transaction.atomic(), reinstating(accounts={bill.account_id for bill, _most in bills}, operator=operator, now=now):
        lock_numbers()
        there = Receipt.objects.filter(means=means, reference=reference).first()
        if there:
            return _same(there, currency, amount_minor)
        left, paid = amount_minor, list[Invoice]()
        for number, (named, most) in enumerate(bills, start=1):
            bill = stands_for(invoice=named)
            if bill.currency != currency:
                raise ReceiptRefused(f"payment {reference} ({means}) is in {currency}, bill {bill.number} in {bill.currency}")
            share = min(left, max(unpaid(bill), 0), left if most is None else most)
            if share > 0:
                known = {"means": means, "reference": part(reference, number), "received_on": received_on, "now": now}
                settle_locked(invoice=bill, amount_minor=share, **known)  # type: ignore[arg-type]
                left -= share
                paid.append(bill)
        if left:
            exchange = next((bill.exchange for bill, _most in bills if bill.exchange), None)
            _keep(account, currency, left, received_on, means, reference, exchange, operator, now)
        receipt = Receipt.objects.create(
            account=account,
            means=means,
            reference=reference,
            currency=currency,
            amount_minor=amount_minor,
            kept_minor=left,
            received_on=received_on,
            taken_at=now,
        )
        tell_received(receipt=receipt, bills=paid, now=now)
        return receipt


def part(reference: str, number: int) -> str:
    """The reference of the settlement of a payment's bill, counted from 1: the first has the payment's own."""
    return reference if number == 1 else f"{reference}/{number}"


def _same(there: Receipt, currency: str, amount_minor: int) -> Receipt:
    if (there.currency, there.amount_minor) != (currency, amount_minor):
        raise ReceiptRefused(
            f"payment {there.reference} ({there.means}) is booked already, with {there.amount_minor} {there.currency} "
            f"in minor units, not {amount_minor} {currency}"
        )
    return there


def _keep(
    account: Account | None,
    currency: str,
    minor: int,
    received_on: date,
    means: str,
    reference: str,
    exchange: dict[str, str] | None,
    operator: Operator,
    now: datetime,
) -> None:
    """The rest of a payment; where its month has no exchange rate (yet), the bill's own says what it is worth in the books."""
    if account is None:
        raise ReceiptRefused(f"payment {reference} ({means}): {minor} {currency} (minor units) more than is open is nobody's")
    with translation.override(account.language):
        reason = _("Paid beyond what was open")
    grant(
        account=account,
        kind=GrantKind.PREPAID,
        currency=currency,
        amount_minor=minor,
        reason=reason,
        key=f"{means} {reference}"[:120],
        means=means,
        reference=reference,
        starts_on=received_on,
        worth_minor=at_home(minor=minor, currency=currency, exchange=exchange),
        operator=operator,
        now=now,
    )
