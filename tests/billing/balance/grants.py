"""Grants and charges as staff make them, with a key of their own each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from bonafide.accounts.models import Account
from bonafide.billing.balance.grant import grant
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, OneOff
from bonafide.billing.balance.one_off import charge_once
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account
from tests.factories.billing import make_plan, operator, subscribe

SEPTEMBER_10 = datetime(2024, 9, 10, 12, tzinfo=UTC)
_serial = count(1)


def make_payer(*euros: str, **plan: Any) -> Account:
    """An account in France that is billed these amounts before tax each month."""
    account = make_account()
    subscribe(account, make_plan(*((None, Flat(amount=Decimal(amount))) for amount in euros), is_default=False, **plan))
    return account


def make_grant(account: Account, kind: str, minor: int, **values: Any) -> Grant:
    n = next(_serial)
    paid = {"means": "transfer", "reference": f"E2E-{n}"} if kind == "prepaid" else {}
    known = {"currency": "EUR", "reason": f"Reason {n}", "key": f"key {n}", "now": SEPTEMBER_10, "operator": operator()}
    return grant(**{"account": account, "kind": kind, "amount_minor": minor, **known, **paid, **values})


def make_charge(account: Account, price: str, **values: Any) -> OneOff:
    n = next(_serial)
    texts = {"text_en": f"Set-up {n}", "text_fr": f"Installation {n}", "key": f"charge {n}"}
    known = {"charged_on": date(2024, 9, 12), "now": SEPTEMBER_10, "operator": operator()}
    return charge_once(**{"account": account, "unit_price": Decimal(price), **texts, **known, **values})


def left_of(one: Grant) -> int:
    left: int = with_left(Grant.objects.filter(pk=one.pk)).get().left_minor
    return left
