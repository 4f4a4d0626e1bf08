"""What may be granted and charged, and what the refusal says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bonafide.billing.balance.grant import GrantRefused
from bonafide.billing.balance.models import Grant, OneOff
from bonafide.billing.balance.one_off import ChargeRefused
from bonafide.billing.ledger.models import Posting
from bonafide.billing.settle import SettlementRefused, settle
from tests.billing.balance.grants import make_charge, make_grant, make_payer
from tests.factories.billing import make_invoice, make_rate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("credit", {"amount_minor": 0}, "above zero"),
        ("credit", {"reason": " "}, "a reason"),
        ("credit", {"currency": "EUX"}, "unknown"),
        ("credit", {"means": "transfer", "reference": "1"}, "no money"),
        ("credit", {"expires_on": date(2024, 9, 29)}, "no month ends"),
        ("credit", {"expires_on": date(2024, 9, 9)}, "is over"),
        ("prepaid", {"means": ""}, "means and the reference"),
        ("prepaid", {"means": "balance"}, "means and the reference"),
        ("prepaid", {"starts_on": date(2024, 9, 11)}, "not come yet"),
        ("prepaid", {"currency": "USD"}, "no exchange rate from USD to EUR"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_the_reason(kind: str, values: dict[str, Any], said: str) -> None:
    values = {"amount_minor": 100, **values}
    with pytest.raises(GrantRefused, match=said):
        make_grant(make_payer("100"), kind, values.pop("amount_minor"), **values)
    assert not Grant.objects.exists()
    assert not Posting.objects.exists()


def test_the_same_key_or_payment_grants_once() -> None:
    account = make_payer("100")
    paid = {"means": "transfer", "reference": "E2E"}
    first = make_grant(account, "prepaid", 100, key="k", **paid)
    assert make_grant(account, "prepaid", 100, key="k", **paid).pk == first.pk
    with pytest.raises(GrantRefused, match="already used"):
        make_grant(account, "prepaid", 101, key="k", **paid)
    with pytest.raises(GrantRefused, match="granted already"):
        make_grant(account, "prepaid", 100, **paid)
    assert Posting.objects.count() == 1


def test_money_of_another_currency_is_in_the_books_by_the_rate_of_its_month() -> None:
    make_rate("USD", "EUR", "0.9")
    make_grant(make_payer("100"), "prepaid", 1000, currency="USD")
    assert Posting.objects.values_list("amount_minor", "currency", "home_minor").get() == (1000, "USD", 900)


@pytest.mark.parametrize(
    ("price", "values", "said"),
    [
        ("0", {}, "above zero"),
        ("-1", {}, "grant a credit"),
        ("NaN", {}, "as numbers"),
        ("1", {"quantity": Decimal("-1")}, "above zero"),
        ("1", {"sort": "books"}, "expected one of standard"),
        ("1", {"text_fr": ""}, "in English and in French"),
        ("1", {"currency": "EUX"}, "unknown"),
    ],
)
def test_what_cannot_be_charged_is_refused_with_the_reason(price: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ChargeRefused, match=said):
        make_charge(make_payer("100"), price, **values)
    assert not OneOff.objects.exists()


def test_the_same_key_charges_once() -> None:
    account = make_payer("100")
    assert make_charge(account, "5", key="k").pk == make_charge(account, "5", key="k").pk
    with pytest.raises(ChargeRefused, match="already used"):
        make_charge(account, "6", key="k")


def test_nobody_books_a_payment_by_the_balance() -> None:
    with pytest.raises(SettlementRefused, match="by themselves"):
        settle(invoice=make_invoice(), amount_minor=1, received_on=date(2024, 10, 2), means="balance", reference="x")
