"""The operator's service is told of money that came and went back, in the transaction that books it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from bonafide.webhooks.kinds import declared
from bonafide.webhooks.models import Delivery, Event
from tests.factories.billing import make_invoice
from tests.fakes.receiver import Receiver
from tests.payments.test_take_in import receive, return_
from tests.webhooks.conftest import listens  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
Listens = Callable[..., Receiver]


def test_money_that_came_is_told_once_with_the_bills_it_was_for(listens: Listens) -> None:  # noqa: F811
    listens()
    bill = make_invoice()
    for _ in range(2):
        receive(bill.total_minor + 500, bill)
    event = Event.objects.get(kind="payment.received")
    assert set(event.data) == set(declared(event.kind).example)
    assert (event.account, event.data["account"]) == (bill.account, bill.account.reference)
    assert (event.data["bills"], event.data["amount_minor"]) == ([bill.number], bill.total_minor + 500)
    assert event.data["kept_minor"] == 500
    assert Delivery.objects.filter(event=event).count() == 1


def test_money_that_went_back_is_told_once(listens: Listens) -> None:  # noqa: F811
    listens()
    bill = make_invoice()
    receipt = receive(bill.total_minor, bill)
    for _ in range(2):
        return_(receipt, 100)
    event = Event.objects.get(kind="payment.returned")
    assert set(event.data) == set(declared(event.kind).example)
    assert (event.data["bills"], event.data["amount_minor"], event.data["return_reference"]) == ([bill.number], 100, "re_1")


def test_what_is_not_booked_is_not_told(listens: Listens) -> None:  # noqa: F811
    listens()
    bill = make_invoice()
    with transaction.atomic():
        receive(bill.total_minor, bill)
        assert Event.objects.filter(kind="payment.received").exists()
        transaction.set_rollback(True)
    assert not Event.objects.filter(kind="payment.received").exists()
