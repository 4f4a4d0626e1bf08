"""Staff (or a program) charge an account something of its own, once; it can be withdrawn until it is billed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import DatabaseError, transaction

from bonafide.accounts.models import Account, User
from bonafide.billing.balance.models import OneOff, OneOffBilled
from bonafide.billing.tax.rates import STANDARD_SORT
from bonafide.errors import Refused
from bonafide.money import EXACT, is_currency, text, to_minor
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.prices_in_force import price_book

LARGEST = 10**14


class ChargeRefused(Refused):
    """What cannot be charged or withdrawn, and why."""


def charge_once(
    *,
    account: Account,
    unit_price: Decimal,
    text_en: str,
    text_fr: str,
    charged_on: date,
    key: str,
    operator: Operator,
    now: datetime,
    quantity: Decimal = Decimal(1),
    currency: str = "",
    sort: str = STANDARD_SORT,
    by: User | None = None,
) -> OneOff:
    """Charge ``quantity`` times ``unit_price`` on the bill of the month of ``charged_on``, or on the next one that is issued.

    ``currency`` is by default that of the account's plan, without one the operator's own. The same ``key`` for the same account
    and amount returns the charge that is there.

    :raises ChargeRefused: for zero or less (which a credit gives), a currency that the account is not billed in, a sort of supply
        without rates, or a key that was used for something else.
    """
    currency = currency or _currency(account, charged_on, operator)
    texts = {"text_en": " ".join(text_en.split()), "text_fr": " ".join(text_fr.split())}
    if not key or len(key) > 120:
        raise ChargeRefused("expected a key of at most 120 characters: the same again makes no second charge")
    for said in texts.values():
        if not said or len(said) > 200:
            raise ChargeRefused("expected a text of at most 200 characters in English and in French, which the bill says")
    amount = _amount(quantity, unit_price, currency)
    known = sorted({STANDARD_SORT, *(rate.sort for rate in operator.tax.rates)})
    if sort not in known:
        raise ChargeRefused(f"sort {sort!r}: expected one of {', '.join(known)}")
    values = {"account": account, "currency": currency, "amount_minor": amount, "charged_on": charged_on}
    with transaction.atomic():
        made, new = OneOff.objects.get_or_create(
            key=key,
            defaults={
                **values,
                **texts,
                "quantity": text(quantity),
                "unit_price": text(unit_price),
                "sort": sort,
                "made_by": by,
                "made_at": now,
            },
        )
    if not new and any(getattr(made, name) != value for name, value in values.items()):
        raise ChargeRefused(f"key {key!r} was already used for another charge: use another")
    return made


def withdraw_charge(*, charge: OneOff, now: datetime) -> bool:
    """It comes on no bill; False when it was withdrawn before.

    :raises ChargeRefused: when it is billed.
    """
    try:
        with transaction.atomic():
            return bool(OneOff.objects.filter(pk=charge.pk, withdrawn_at=None).update(withdrawn_at=now))
    except DatabaseError:
        billed = OneOffBilled.objects.filter(one_off=charge).select_related("invoice").first()
        if billed is None:
            raise
        number = billed.invoice.number
        raise ChargeRefused(f"it is on bill {number}: take it back by a credit note ('bonafide bills credit {number}')") from None


def _amount(quantity: Decimal, unit_price: Decimal, currency: str) -> int:
    if not is_currency(currency):
        raise ChargeRefused(f"currency {currency!r} is unknown: expected an ISO 4217 code such as EUR")
    try:
        if max(-quantity.as_tuple().exponent, -unit_price.as_tuple().exponent) > 12:  # type: ignore[operator]  # finite, or TypeError
            raise ChargeRefused("expected a quantity and an amount with at most 12 decimals")
        amount = to_minor(EXACT.multiply(quantity, unit_price), currency)
    except (ArithmeticError, TypeError):
        raise ChargeRefused("expected a quantity and an amount as numbers") from None
    if quantity <= 0 or not 0 < amount < LARGEST:
        raise ChargeRefused("expected a quantity and an amount above zero; to give something, grant a credit")
    return amount


def _currency(account: Account, day: date, operator: Operator) -> str:
    plan = price_book(month=Month(day.year, day.month), zone=operator.zone).plan_for(account.pk)
    return plan.currency if plan else operator.billing.currency
